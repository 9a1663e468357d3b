# What all arms of the parts cifar-* of bench/study have in common. An arm's own settings, in
# arms.txt, come behind these.
ARCH = alexnet-cifar-half
ANSWER_VIEW_OPTIONS = --only --flip 0.5 --crop 4
ASSISTANT_VIEW_OPTIONS = --only --flip 0.5 --crop 4 --contrast 0.2 --brightness 0.1 --saturation 0.3
VIEW_OPTIONS = --only --flip 0.5 --crop 4 --contrast 0.2 --brightness 0.1 --saturation 0.3
