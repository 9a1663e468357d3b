# A recipe of amkd-distill for who runs a model behind an API and wants to know what its answers
# give away: half a LeNet-5 of 4,000 answers and fewer about Fashion-MNIST, by all probabilities,
# by those of two decimals, by the best three and by the label alone. Run it where
# fashion-mnist.sh was run, with a model beside as fashion-mnist.mk says:
#   amkd-distill compare --answers full,digits-2,top-3,top-1 --dir leaks defender.mk
# leaks/report.html is the page. The model is asked about each image once: what an answer of
# less would have been is made of the whole one.
IMAGES  = images.amkd
TEST    = test.amkd
TEACHER = model:teacher.safetensors
FIRST   = 500
BUDGETS = 1000 2000 4000
ARCH    = lenet5-half
# All arms ask about the same images, drawn at random. Without this line each asks about those of
# which its own assistant is least sure, as somebody would who has no other answers.
BY      = random
# For a run of minutes. Unless told there are 30,000 and 8,000 steps.
STEPS           = 5000
ASSISTANT_STEPS = 2000
