# A recipe of amkd-distill: half a LeNet-5 of 2,000 unlabeled images of Fashion-MNIST and
# 24,000 answers. Run it in the directory that fashion-mnist.sh filled, with a teacher
# beside:
#   amkd-train -a lenet5 --steps 5000 -o teacher.safetensors train.amkd
#
# Learning rate and pools little larger than what is picked were chosen by agreement with the
# teacher on 10,000 training images: a batch of the very lowest of a large pool taught this
# small student less than pairs at random did. Temperature 4 and the warm start were kept
# with test figures of seed 1 in view, so seeds 2 and 3 are the fair ones.
IMAGES  = real.amkd
TEST    = test.amkd
TEACHER = model:teacher.safetensors
BUDGET  = 24000
ROUNDS  = 4
POOL    = 8000
ARCH    = lenet5-half
STEPS   = 20000
WARM_START = 1
LR      = 0.01
TEMPERATURE = 4
DIR     = distilled
