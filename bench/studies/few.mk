# What all arms of bench/study with few images have in common; many.mk is of those
# with many. An arm's own settings, in arms.txt, come behind these.

# Each budget's student starts from fresh weights, is trained for the same steps, and scores.
ARCH        = lenet5-half
STEPS       = 6000
LR          = 0.003
TEMPERATURE = 4
WARM_START  = 0
STUDENTS    = each
SCORER      = student

# The paper's choice of pairs, of a pool that its authors' code has the size of, and no more.
BY      = c2
LAMBDA  = $(if $(filter random,$(BY)),0.5,0.30:0.70:11)
NOISE   = 0
POOL    = 500000
VIEWS   = 0
BUDGETS = 8000 24000
ASSISTANT =
