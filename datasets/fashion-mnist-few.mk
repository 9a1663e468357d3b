# A recipe of amkd-distill for few images: half a LeNet-5 of 2,000 of Fashion-MNIST, 8,000, then
# 24,000 answers. Run it as fashion-mnist.mk, where this was run:
#   amkd-import --unlabeled --sample 2000 --seed 1 -o few.amkd \
#       /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
IMAGES  = few.amkd
TEST    = test.amkd
TEACHER = model:teacher.safetensors
BUDGETS = 8000 24000
ARCH    = lenet5-half
DIR     = distilled-few
