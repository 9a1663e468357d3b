# What all arms of bench/study have in common. An arm's own settings, in study-arms.txt,
# come behind these.

# Each budget's student starts from fresh weights and is trained for the same steps.
ARCH        = lenet5-half
STEPS       = 6000
LR          = 0.003
TEMPERATURE = 4
WARM_START  = 0

# The paper's choice of pairs, of a pool that its authors' code has the size of.
BY      = c2
LAMBDA  = $(if $(filter random,$(BY)),0.5,0.30:0.70:11)
POOL    = 500000
BUDGETS = 8000 24000

# Where an arm has an assistant, how that is trained, and its lessons.
ASSISTANT_STEPS = 8000
ASSISTANT_VIEW_OPTIONS = --shift 0.05 --rotate 7 --scale 0.09 --shear 0.07 --contrast 0.2
