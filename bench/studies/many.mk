# What the arms of the parts many-* of bench/study have in common: what amkd-distill does
# unless told. An arm's own settings, in arms.txt, come behind these.
ARCH   = lenet5-half
BUDGET = 4000
