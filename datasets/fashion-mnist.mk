# A recipe of amkd-distill: half a LeNet-5 of the 60,000 images of Fashion-MNIST, without labels,
# and 4,000 answers. Run it in the directory that fashion-mnist.sh filled, with a teacher beside:
#   amkd-train -a lenet5 --steps 5000 -o teacher.safetensors train.amkd
IMAGES  = images.amkd
TEST    = test.amkd
TEACHER = model:teacher.safetensors
BUDGET  = 4000
ARCH    = lenet5-half
DIR     = distilled
# For a run of minutes. Unless told there are 3 rounds, 30,000 and 8,000 steps.
ROUNDS          = 2
STEPS           = 15000
ASSISTANT_STEPS = 5000
