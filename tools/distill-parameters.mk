# The parameters of the loop and their defaults: read by amkd-distill, which checks them,
# and again together with distill-rules.mk, the loop.
#
# A recipe is a file of lines "NAME = value" for the parameters below. Write $$ for a
# dollar sign and \# for a hash sign.

# ------------------------------------------------------------------------- parameters

# The unlabeled real images, an images stream. Needed.
IMAGES =
# The black box, as for amkd-query: model:FILE, exec:COMMAND, replay:FILES or a URL. Needed.
TEACHER =
# Answers the teacher may give in all, those about the real images included. Needed, unless
# BUDGETS says it.
BUDGET = $(lastword $(BUDGETS))
# Labeled images, an images stream, to measure each round's student by; nothing is chosen
# by them. The teacher is asked about them once, and that is not counted in BUDGET.
# Empty: nothing is measured and nothing is asked.
TEST =
# Where everything is kept.
DIR = amkd-run

# Real images that round 0 asks about, drawn at random. Empty: all of them where BUDGET is
# enough for all, else a quarter of BUDGET.
FIRST =
# Rounds beyond round 0. Each asks as many questions as the others, the last one what then
# remains of BUDGET. Empty: 3 where real images are left to be asked about, else 4.
ROUNDS = $(if $(BUDGETS),$(words $(BUDGETS)))
# What these rounds ask about, one word for all of them or one for each: "images", real ones
# not asked about before; "views" of the real images, as they are; "mixes", pairs of views
# mixed. Empty: images where some are left, else mixes.
ASK =
# Answers in all by the end of each of these rounds, ascending, with spaces between: rounds of
# unequal size. Empty: they are of equal size.
BUDGETS =
# Random views of each real image (amkd-augment) that rounds about views or mixes draw their
# pools from. 0: mixes are of the real images themselves. Empty: 30, or fewer of many or
# large images.
VIEWS =
# How a view may differ from its image, as options of amkd-augment. Empty: its own ranges.
VIEW_OPTIONS =
# Images, views or pairs drawn afresh as the pool of each round: their number, or "4x", so
# many times its picks, or "all"; or "bought", the mixes that a replayed teacher has answers
# to, each at the lambda it was asked with. Empty: all images, 200000 views or pairs.
POOL =
# What is picked: c2 (the paper's), c1, random, margin or entropy, as for amkd-score. Empty:
# margin of images, c1 of views, c2 of mixes.
BY =
# Whose doubt counts, that of the last round's "assistant" or "student". Empty: the
# assistant's if there is one.
SCORER =
# Weights tried for a pair's first image, LOW:HIGH:COUNT or a list with commas; random
# draws one of them.
LAMBDA = 0.05:0.95:19
# Picks of one round that one image may take part in. 0: any number.
MAX_PER_IMAGE = 0
# Noise on the logarithm of the scores, so that picks are a sample and not the extreme tail
# (amkd-score --noise). 0: none, which random and margin need. Empty: 1 of views and mixes,
# but by these two, else 0.
NOISE =
# The share of a round's picks that is at random, whatever the score (amkd-score
# --random-share). 0: none.
RANDOM_SHARE = 0
# Of so many times the picks, the lowest, those that are far from each other in the features
# of who scores (amkd-score --diverse). MAX_PER_IMAGE is then of all these. 0: the
# lowest are the picks.
DIVERSE = 0
# Parts in which a pool is scored, side by side with -j. The picks are the same. With DIVERSE
# it is one part, whatever this says.
SHARDS = $(JOBS)

# When to stop before BUDGET is spent; looked at after each round, before the next buys.
# The agreement with the teacher, 0 to 1, on the answers held out that is enough. Empty: none
# is.
TARGET =
# So many rounds without a gain in it. 0: any number.
PATIENCE = 0
# Real images drawn at random whose answers no network learns from: the student's agreement
# with them is what it has with the teacher on such images. Their number, or below 1 the share
# of BUDGET, of which they are a part. Empty: with TARGET or PATIENCE a tenth of BUDGET, but
# of no more than a tenth of the images, else 0.
HOLDOUT =

# The student's architecture, as for amkd-train, as is what follows of its training. Empty: chosen
# by the images' size, and said.
ARCH =
# Steps of the student's training.
STEPS = 30000
# Samples a step.
BATCH = 128
# What makes steps of gradients, sgd, adam or adamw.
OPTIMIZER = adamw
# The learning rate, the highest of the schedule.
LR = 0.003
# The momentum of sgd.
MOMENTUM = 0.9
# The weight decay. Empty: 0.01 with adamw, else 0.
WEIGHT_DECAY = $(if $(filter adamw,$(OPTIMIZER)),0.01,0)
# How the learning rate changes, constant, cosine, onecycle or multistep.
SCHEDULE = onecycle
# The temperature of the student's and of the answers' probabilities while it learns from them.
TEMPERATURE = 4
# alpha of mixup: each answered image is mixed again with another, and so are their
# answers, by a weight from Beta(alpha, alpha). 0: none are.
MIXUP = 0
# 1: a round's networks start from the weights of the round before.
WARM_START = 0
# In which rounds a student is trained: "each" or the "last". Empty: the last, unless those
# before it score, are measured by a stop rule or BUDGETS, or are started from.
STUDENTS =

# The architecture of an assistant: a larger network that learns from the teacher's answers
# and then, at no cost, teaches the student, which sees what it says of all the real images,
# or of views of them (Mirzadeh et al., AAAI 2020; Beyer et al., CVPR 2022).
# auto: chosen by the images' size, and said. Empty: none; the student learns from the teacher's
# answers themselves.
ASSISTANT = auto
# The assistant's steps, in a round without a student no more than two an answer, or 1,000; all
# else of its training is as the student's.
ASSISTANT_STEPS = 8000
# Views of each real image that it teaches by, the image itself the first. 1: images as they
# are; 0: views without end. Empty: of fewer than 16,000 images as many as make 60,000 in all,
# else 1.
ASSISTANT_VIEWS =
# How these may differ from their image. The student is to be sure about images as they are,
# so ranges are narrower here than those of VIEWS.
ASSISTANT_VIEW_OPTIONS = --shift 0.05 --rotate 7 --scale 0.09 --shear 0.07 --contrast 0.2

# Images or views of which the assistant is less sure than this, by its top probability, teach
# the student nothing: of a folder off the web those of another kind. 0: all teach.
MIN_TOP = 0
# How a view of an image or mix that the teacher was asked about may differ from it, so that the
# answer is true of both: those who learn from answers see a fresh view each time, as options of
# amkd-augment. none: they see what was asked about.
ANSWER_VIEW_OPTIONS = none
# Assistants that follow each other where a student is taught. Each but the first learns, in STEPS
# steps, from the answers and from what the one before says of all the real images, in fresh views
# of them all by ASSISTANT_VIEW_OPTIONS (Xie, Luong, Hovy, Le, CVPR 2020). The last one teaches.
# Empty: 2 where real images are left to be asked about, else 1.
GENERATIONS =
# The temperature at which all but the first learn; the first learns at TEMPERATURE.
GENERATION_TEMPERATURE = 1

# What the teacher takes: uint8 (N,H,W,C) or float32 (N,C,H,W). Empty, for a URL: what the
# model says of itself.
TEACHER_INPUT = $(if $(at_url),,uint8)
# More options of amkd-query: --header-file, --answer, --labels, --rate ...
TEACHER_OPTIONS =
# Directory where all that is sent and answered is kept (amkd-query's journal). BUDGET then
# counts every image that it says was spent, doubtful ones too. Empty: answers are kept in
# the labels alone, and those that cannot be labels nowhere.
JOURNAL = $(if $(SHARED),,$(if $(at_url),$(DIR)/journal))
# Directory where runs put what others can use, in place of JOURNAL: all that the teacher
# answered, so that none asks what another has, and students of the very same first round.
# BUDGET then counts the answers that this run uses, whoever bought them. Empty: none.
SHARED =
# Images a request.
TEACHER_BATCH = 256
# Seconds an answer may take. 0: any time.
TIMEOUT = 300

# Seed of everything drawn by chance.
SEED = 1
# The OpenCL device, or several with commas between that share the work, as -d of the tools. Empty:
# the tools' own choice.
DEVICE =

# What stands before the commands that compute, words of the shell: "srun -n1 --mem=4G" runs
# each as a job of Slurm. What a machine runs is to see these files there, at the same paths.
# Empty: they run here.
LAUNCH =
# The same for amkd-augment. Empty, here and below: it runs here.
LAUNCH_augment = $(LAUNCH)
# The same for amkd-score, and the pool that it reads.
LAUNCH_score = $(LAUNCH)
# The same for amkd-train.
LAUNCH_train = $(LAUNCH)
# The same for amkd-eval.
LAUNCH_eval = $(LAUNCH)
# The same for amkd-query: unless this says otherwise the teacher is asked from here.
LAUNCH_query =
# Seconds that a file of another machine may take to be seen here, and one of here there.
LATE = 60
# What starts the processes of MPI that train a network together, words of the shell: "mpirun -n 4".
# Empty: one process does.
MPIRUN =

at_url = $(filter http://% https://%,$(firstword $(TEACHER)))

# Every parameter, and what is so of it, with colons between: what is checked, what goes to
# which tool and what a comparison says of it come from here. A new one needs its default
# above, its row here, its entry in amkd-distill.1 and, unless it is an option, its use in
# distill-rules.mk.
#   needed     it may not be empty
#   path       make can take it as a file's name; directory: it is one's
#   from-0     it is a whole number, of at least 0; from-1: of at least 1
#   one-of=A,B it is one of these words; like=TOOL--OPTION: its words are those of that option
#   word       it is one word; the tool that gets it says whether it is right
#   or-empty   numbers, words and choices: empty will do, too
#   network    networks are trained by it; of runs that are compared it is said when it differs
#   training=X it is the option X of amkd-train, for every network
#   unless-0   ... which is left out where it is 0; of-sgd: where OPTIMIZER is not sgd
#   score      amkd-score gets it
#   where      it says where or how the work runs, never what comes out
#   launch     it launches a tool
table := \
    IMAGES:needed:path \
    TEACHER:needed \
    BUDGET:needed:from-1 \
    TEST:path \
    DIR:needed:path:directory \
    FIRST:from-1:or-empty \
    ROUNDS:from-0:or-empty \
    ASK \
    BUDGETS \
    VIEWS:from-0:or-empty \
    VIEW_OPTIONS \
    POOL \
    BY:word:or-empty:score:like=amkd-score--by \
    SCORER:one-of=assistant,student:or-empty \
    LAMBDA:word:score \
    MAX_PER_IMAGE:from-0:score \
    NOISE:word:or-empty:score \
    RANDOM_SHARE:word:score \
    DIVERSE:word:score \
    SHARDS:from-1:where \
    TARGET \
    PATIENCE:from-0 \
    HOLDOUT:network \
    ARCH:network:like=amkd-train--arch \
    STEPS:word:network \
    BATCH:word:network:training=-b \
    OPTIMIZER:word:network:training=--optimizer:like=amkd-train--optimizer \
    LR:word:network:training=--lr \
    MOMENTUM:word:network:training=--momentum:of-sgd \
    WEIGHT_DECAY:word:network:training=--weight-decay \
    SCHEDULE:word:network:training=--schedule:like=amkd-train--schedule \
    TEMPERATURE:word:network:training=-T \
    MIXUP:word:network:training=--mixup:unless-0 \
    WARM_START:network:one-of=0,1 \
    STUDENTS:network:one-of=each,last:or-empty \
    ASSISTANT:network:like=amkd-train--arch \
    ASSISTANT_STEPS:word:network \
    ASSISTANT_VIEWS:from-0:or-empty:network \
    ASSISTANT_VIEW_OPTIONS:network \
    MIN_TOP:word:network \
    ANSWER_VIEW_OPTIONS:network \
    GENERATIONS:from-1:or-empty:network \
    GENERATION_TEMPERATURE:word:network \
    TEACHER_INPUT:like=amkd-query--input \
    TEACHER_OPTIONS \
    TEACHER_BATCH:word:where \
    TIMEOUT:word:where \
    JOURNAL:path:directory \
    SHARED:path:directory \
    SEED:from-0 \
    DEVICE:where:like=amkd-train--device \
    LAUNCH:where \
    LAUNCH_augment:where:launch \
    LAUNCH_score:where:launch \
    LAUNCH_train:where:launch \
    LAUNCH_eval:where:launch \
    LAUNCH_query:where:launch \
    LATE:from-0:where \
    MPIRUN:where

# $(call traits,NAME), and $(call with,TRAIT): the parameters of which it is so.
name_of = $(firstword $(subst :, ,$(1)))
traits = $(wordlist 2,99,$(subst :, ,$(filter $(1) $(1):%,$(table))))
with = $(foreach row,$(table),$(if $(filter $(1),$(subst :, ,$(row))),$(call name_of,$(row))))
PARAMETERS := $(foreach row,$(table),$(call name_of,$(row)))

# Set by amkd-distill, beside what it settles of the above: jobs of -j; PLAN for -n, QUIET,
# VERBOSE; the number of real images; what is asked about, the picks and the pool of each
# round (one word a round); digests of what the answers depend on; the last round that
# is to be done, the first whose line is to be said; the labels of POOL = bought, and 1 if
# they are about the real images themselves; the journal in SHARED.
JOBS = 1
LAST = $(ROUNDS)
UNSAID = 0
NIMAGES =
ASKS =
BOUGHT =
BOUGHT_REAL =
STORE =
PLAN =
QUIET =
VERBOSE =
PICKS =
POOLS =
IMAGES_DIGEST =
TEST_DIGEST =
TEACHER_DIGEST =

before := $(.VARIABLES)
ifdef RECIPE
include $(RECIPE)
endif
unknown := $(filter-out before $(before),$(.VARIABLES))

# "STEPS = 60 # many" leaves a space behind the number; amkd-distill sees to commands, in
# which inner spaces count.
$(foreach v,$(filter-out TEACHER,$(PARAMETERS)),$(eval override $v := $$(strip $$($v))))

# The values as make sees them.
.PHONY: parameters
parameters:
	@: $(foreach v,$(PARAMETERS),$(info $(v)=$($(v)))) \
	    $(foreach v,$(unknown),$(info '$(v)' in the recipe is no parameter))

# The table, a line a parameter, with spaces in place of colons.
.PHONY: table
table:
	@: $(foreach row,$(table),$(info $(subst :, ,$(row))))
