# A recipe of amkd-distill: half a LeNet-5 of 2,000 unlabeled images of Fashion-MNIST and
# 8,000, then 24,000 answers. Run it in the directory that fashion-mnist.sh filled, with a
# teacher beside:
#   amkd-train -a lenet5 --steps 5000 -o teacher.safetensors train.amkd
IMAGES  = real.amkd
TEST    = test.amkd
TEACHER = model:teacher.safetensors
BUDGETS = 8000 24000
ARCH    = lenet5-half
DIR     = distilled
