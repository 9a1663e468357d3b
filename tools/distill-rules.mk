# The loop of active mixup as a makefile: rounds are targets, files are state.
# amkd-distill runs it, after distill-parameters.mk, with parameters that are checked.

# ------------------------------------------------------------------------ how it is run

SHELL := bash
.SHELLFLAGS := -peuo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
.PHONY: all FORCE

# A word of a shell command.
quote = '$(subst ','\'',$(1))'

# What launches a tool, if anything does; its command as a plan shows it; and as it is run,
# by distill-launch.sh, which waits for what the command makes.
launcher = $(LAUNCH_$(patsubst amkd-%,%,$(1)))
shown = $(if $(launcher),$(launcher) )$(if $(and $(launcher),$(findstring | amkd-,$(2))),bash \
    -o pipefail -c $(call quote,$(2)),$(2))
made = $(if $(filter amkd-query,$(1)),$(@D)/labels.part.amkd,$@)
launched = $(if $(launcher),bash -p "$$AMKD_SHARE/distill-launch.sh" $(call \
    quote,$(launcher)) $(LATE) $(GRACE) $(made) $(call quote,$(2)) $(filter-out FORCE,$^),$(2))
# An older file would not tell when the new one is seen here. Answers are added to.
drop_older = $(if $(launcher),$(if $(filter amkd-query,$(1)),,rm -f $@; ))

# $(call run,TOOL,COMMAND,BEFORE): runs the command and notes tool, target, start and end in
# times.tsv beside the target, and while it runs the first three in a file of its own, for
# --status. BEFORE, if given, stays here and runs it. A plan shows the bare command.
run = $(if $(PLAN),$(3)$(shown),$(if $(VERBOSE),printf '%s\n' $(call quote,$(3)$(shown)) >&2;) \
    start=$$(date +%s.%N); printf '%s\t%s\t%s\n' $(1) $(@F) "$$start" >$@.running; \
    $(drop_older)$(3)$(launched); rm -f $@.running; \
    printf '%s\t%s\t%s\t%s\n' $(1) $(@F) "$$start" "$$(date +%s.%N)" >>$(@D)/times.tsv)
# A command that is no part of the plan.
hidden = $(if $(PLAN),,$(1))

# $(eval $(call keep,FILE,VARIABLE,COMMAND)): FILE holds the value of VARIABLE and is
# written only when that changes, so that what depends on it is redone just then. COMMAND
# puts out of the way what was made halfway with the old value. The file has no newline:
# GNU make 4.3 forgets, now and then, to take it off.
define keep
ifneq ($$(file <$(1)),$$($(2)))
$(1): FORCE
endif
$(1):
	$$(call hidden,mkdir -p $$(@D); $(3); \
	    printf %s $$(call quote,$$($(2))) >$$@.new; mv $$@.new $$@)
endef

# Options that may be absent bring their space along.
device := $(if $(DEVICE), -d $(call quote,$(DEVICE)))
quiet := $(if $(QUIET), -q)

# Answers are never deleted: those that no longer fit are set aside.
set_aside = for f in $(1); do if [ -e "$$f" ]; then spare=spare-$$(date +%s%N).amkd; \
    $(if $(QUIET),,echo "amkd-distill: $$f answers other questions: kept as $$spare" >&2;) \
    mv "$$f" "$${f%/*}/$$spare"; fi; done
set_parts_aside = $(call set_aside,$(DIR)/*/labels.part.amkd)

rounds := $(if $(filter-out 0,$(LAST)),$(shell seq $(LAST)))
last := $(DIR)/round-$(LAST)
said := $(if $(filter-out 0,$(UNSAID)),$(shell seq 0 $$(( $(UNSAID) - 1 ))))
rounds_before = $(shell seq $$(( $(1) - 1 )))
labels_of = $(patsubst %,$(DIR)/round-%/labels.amkd,$(1))
images := $(DIR)/images.amkd
views := $(if $(filter-out 0,$(VIEWS)),$(DIR)/views.amkd)
held := $(if $(filter-out 0,$(HOLDOUT)),$(DIR)/held-out)
held_out := $(addsuffix /labels.amkd,$(held))
# The picks of round 0, unless it asks about all real images.
drawn := $(if $(held)$(filter-out $(NIMAGES),$(FIRST)),$(DIR)/round-0/picks.amkd)

# Round R asks about ask_of R, of the images or views in pool_from R.
ask_of = $(word $(1),$(ASKS))
pool_from = $(if $(filter images,$(ask_of)),$(images),$(or $(views),$(images)))

# ------------------------------------------------------------------------- real images

# A copy, so that the run holds all its streams, and by digest: touching the file or
# moving it buys no answer a second time.
$(eval $(call keep,$(DIR)/images.digest,IMAGES_DIGEST,$$(set_parts_aside)))
$(images): $(DIR)/images.digest
	cp $(IMAGES) $@.part
	mv $@.part $@
	$(call hidden,if [ -e $(IMAGES).index ]; then cp $(IMAGES).index $@.index; fi)

# ------------------------------------------------------------------------------- views

view_options := -V $(VIEWS) --seed $(SEED)$(if $(VIEW_OPTIONS), $(VIEW_OPTIONS))
ifneq ($(views),)
$(eval $(call keep,$(views).options,view_options,:))
$(views): $(images) $(views).options
	$(call run,amkd-augment,amkd-augment $(view_options)$(device)$(quiet) -o $@ $<)
endif

# ----------------------------------------------------------------------------- answers

query_options := -t $(call quote,$(TEACHER))$(if $(TEACHER_INPUT), \
    --input $(TEACHER_INPUT))$(if $(TEACHER_OPTIONS), $(TEACHER_OPTIONS))
answered_by := $(query_options) $(TEACHER_DIGEST)

# A journal has every answer, and counts what was spent in all rounds; without one, labels
# are appended to answer by answer. Either way a run killed here buys nothing again. A
# journal shared by runs, who take turns, has more than this run's answers: their number is
# that of the images and picks, which the budget was divided into.
kept = $(if $(STORE), --journal $(STORE),$(if $(JOURNAL), \
    $(if $(1), --budget $(BUDGET)) --journal $(2),$(if $(1), --budget $(1)) --append))
query = amkd-query $(query_options) $(strip $(call kept,$(2),$(3))) \
    --batch $(TEACHER_BATCH) --timeout $(TIMEOUT)$(query_device)$(quiet) \
    -o $(or $(labels_to),$(@D)/labels.part.amkd) $(1)
query_device = $(device)
# amkd-query has the turn as long as it lives; a program that it asks has not (worker.c).
turn := $(if $(STORE),flock $(STORE).turn )

# $(call buy,IMAGES OR PICKS,BUDGET,JOURNAL)
define buy
$(call hidden,mkdir -p $(@D); $(call set_aside,$@))
$(call run,amkd-query,$(query),$(turn))
mv $(@D)/labels.part.amkd $@
endef

$(eval $(call keep,$(DIR)/query.options,answered_by,$$(set_parts_aside)))

# Round 0 asks about all real images, or about some. Answers about some are none about all.
drawn_before := $(if $(drawn),,$(wildcard $(DIR)/round-0/pick.options))
$(DIR)/round-0/labels.amkd: $(or $(drawn),$(images)) $(DIR)/query.options \
    $(if $(drawn_before),FORCE)
	$(if $(drawn_before),$(call hidden,$(call set_aside,$(addprefix \
	    $(@D)/,labels.amkd labels.part.amkd)); rm -f $(drawn_before) $(@D)/picks.amkd))
	$(call buy,$<,$(FIRST),$(JOURNAL))

# No network learns from these.
ifneq ($(held),)
$(held)/labels.amkd: $(held)/picks.amkd $(DIR)/query.options
	$(call buy,$<,$(HOLDOUT),$(JOURNAL))
endif

$(eval $(call keep,$(DIR)/test/images.digest,TEST_DIGEST,$$(set_parts_aside)))
$(DIR)/test/labels.amkd: $(DIR)/test/images.digest $(DIR)/query.options | answers-fit
	$(call buy,$(TEST),,$(DIR)/test/journal)

# ----------------------------------------------------------------------- real images drawn

# The seed of round r, different from those of other seeds' rounds.
seed_of = $(SEED)$(shell printf %03d $(1))
# $(call draw,SEED,NUMBER,OPTIONS)
draw = $(call run,amkd-score,amkd-pool -q --single $(images) | amkd-score --by random \
    --seed $(1) -k $(2)$(3)$(quiet) -o $@)

ifneq ($(drawn),)
drawn_options := --seed $(call seed_of,0) -k $(FIRST)$(if $(held), without $(HOLDOUT))
$(eval $(call keep,$(DIR)/round-0/pick.options,drawn_options,:))
$(DIR)/round-0/picks.amkd: $(images) $(DIR)/round-0/pick.options $(held_out)
	$(call hidden,$(call set_aside,$(addprefix $(@D)/,labels.amkd labels.part.amkd)))
	$(call draw,$(call seed_of,0),$(FIRST),$(if $(held_out), --exclude $(held_out)))
endif

ifneq ($(held),)
held_options := --seed $(SEED)999 -k $(HOLDOUT)
$(eval $(call keep,$(held)/pick.options,held_options,:))
$(held)/picks.amkd: $(images) $(held)/pick.options
	$(call hidden,mkdir -p $(@D); \
	    $(call set_aside,$(addprefix $(@D)/,labels.amkd labels.part.amkd)))
	$(call draw,$(SEED)999,$(HOLDOUT))
endif

# ------------------------------------------------------------------- pools, picks, sheets

# What is not said of a round depends on what it asks about.
by_of = $(or $(BY),$(if $(filter images,$(ask_of)),margin,$(if $(filter views,$(ask_of)),c1,c2)))
noise_of = $(filter-out 0,$(or $(NOISE),$(if \
    $(filter images,$(ask_of))$(filter random margin,$(by_of)),0,1)))
mixes = $(filter mixes,$(ask_of))
pool_of = $(filter-out all,$(word $(1),$(POOLS)))
bought := $(if $(filter bought,$(POOL)),$(addprefix --bought=,$(BOUGHT)))
pool_options = $(if $(mixes),, --single)$(if $(bought),,$(if $(pool_of), \
    -n $(pool_of) --seed $(seed_of)))
chance_of = $(if $(noise_of), --noise $(noise_of))$(if \
    $(filter-out 0,$(RANDOM_SHARE)), --random-share $(RANDOM_SHARE))
score_options = --by $(by_of)$(if $(bought), $(bought),$(if $(mixes), --lambda $(LAMBDA))) \
    -k $(word $(1),$(PICKS))$(max_per_image)$(if \
    $(chance_of)$(filter random,$(by_of)),$(chance_of) --seed $(seed_of))$(diverse)
diverse := $(if $(filter-out 0,$(DIVERSE)), --diverse $(DIVERSE))
max_per_image := $(if $(filter-out 0,$(MAX_PER_IMAGE)), --max-per-image $(MAX_PER_IMAGE))
# Earlier rounds that asked about the same kind, where round 0 and what is held out are of
# images; of what was bought all of them.
asked_alike = $(if $(bought),$(rounds_before),$(foreach r,$(rounds_before),$(if \
    $(filter $(ask_of),$(word $(r),$(ASKS))),$(r))))
asked_at_first = $(if $(if $(bought),$(BOUGHT_REAL),$(filter images,$(ask_of))),$(held_out) \
    $(call labels_of,0))
asked_before = $(addprefix --exclude ,$(asked_at_first) $(call labels_of,$(asked_alike)))
# Of a training or scoring, gone when it is done: it is of this one if it is younger than
# all that this one is made of.
checkpoint = --checkpoint $(basename $@).checkpoint$(shell \
    for f in $^; do [ $(basename $@).checkpoint -nt $$f ] || exit; done; \
    echo ' --resume $(basename $@).checkpoint')
drop_checkpoint = $(call hidden,rm -f $(basename $@).checkpoint)
# $(call score,R,SCORER,SHARD)
score = $(if $(bought),,amkd-pool -q$(pool_options)$(3) $(pool_from) | \
    )amkd-score -s $(2) $(score_options)$(if \
    $(asked_before), $(asked_before))$(device)$(quiet)$(if \
    $(bought),, $(checkpoint)) -o $@

# $(call round,R,R - 1)
define round
pick_options_$(1) = $$(SCORER) $$(notdir $$(call pool_from,$(1))) $$(subst \
    $(DIR)/,,$$(call pool_options,$(1)) $$(call score_options,$(1)))$$(if $$(bought), $$(TEACHER_DIGEST))
$$(eval $$(call keep,$(DIR)/round-$(1)/pick.options,pick_options_$(1),:))

parts_$(1) := $$(shell seq -f '$(DIR)/round-$(1)/picks.%gof$(SHARDS).amkd' \
    0 $$$$(( $(SHARDS) - 1 )))
pick_from_$(1) := $(DIR)/round-$(2)/$(SCORER).safetensors $(DIR)/round-$(1)/pick.options \
    $(call pool_from,$(1)) $(held_out) $$(call labels_of,0 $$(call rounds_before,$(1)))

ifeq ($(SHARDS),1)
$(DIR)/round-$(1)/picks.amkd: $$(pick_from_$(1))
	$$(call hidden,$$(call set_aside,$$(addprefix $$(@D)/,labels.amkd labels.part.amkd)))
	$$(call run,amkd-score,$$(call score,$(1),$$<))
	$$(drop_checkpoint)
	$$(call hidden,rm -f $$(@D)/picks.*of*.amkd)
else
.SECONDARY: $$(parts_$(1))
$$(parts_$(1)): $$(pick_from_$(1))
	$$(call run,amkd-score,$$(call score,$(1),$$<, \
	    --shard $$(patsubst picks.%of$(SHARDS).amkd,%,$$(@F))/$(SHARDS)))
	$$(drop_checkpoint)
$(DIR)/round-$(1)/picks.amkd: $$(parts_$(1))
	$$(call hidden,$$(call set_aside,$$(addprefix $$(@D)/,labels.amkd labels.part.amkd)))
	$$(call run,amkd-merge,amkd-merge$$(quiet) -o $$@ $$^)
	$$(call hidden,rm -f $$(@D)/picks.*of*.amkd)
endif

$(DIR)/round-$(1)/picks.png: $(DIR)/round-$(1)/picks.amkd
	$$(call run,amkd-cat,amkd-cat -q --png $$@ --head 200 --columns 20 $$<)

$(DIR)/round-$(1)/labels.amkd: $(DIR)/round-$(1)/picks.amkd $(DIR)/query.options
	$$(call buy,$$<,$(word $(1),$(PICKS)),$(JOURNAL))
endef

$(foreach r,$(rounds),$(eval $(call round,$(r),$(shell echo $$(( $(r) - 1 ))))))

$(DIR)/round-0/picks.png: $(or $(drawn),$(images)) | $(DIR)/round-0/labels.amkd
	$(call run,amkd-cat,amkd-cat -q --png $@ --head 200 --columns 20 $<)

# ---------------------------------------------------------------------------- networks

# An option of amkd-train by the table of parameters, unless it would say nothing.
needless = $(if $(filter unless-0,$(call traits,$(1))),$(filter 0,$($(1))))$(if \
    $(filter of-sgd,$(call traits,$(1))),$(if $(filter sgd,$(OPTIMIZER)),,1))
train_option = $(if $(call needless,$(1)),,$(patsubst training=%,%,$(filter \
    training=%,$(call traits,$(1)))) $($(1)))
# $(call training,ARCH,STEPS)
training = -a $(call quote,$(1)) --steps $(2) $(strip $(foreach p,$(call \
    with,training=%),$(call train_option,$(p)))) --seed $(SEED)
# A single view is the image itself.
lesson_options := $(if $(filter none,$(ASSISTANT_VIEW_OPTIONS))$(filter \
    1,$(ASSISTANT_VIEWS)),, --augment $(call \
    quote,$(ASSISTANT_VIEW_OPTIONS))$(if $(filter-out 0,$(ASSISTANT_VIEWS)), \
    --views $(ASSISTANT_VIEWS)))$(if $(filter-out 0,$(MIN_TOP)), --min-top $(MIN_TOP))
# $(call views_of_answers,OPTIONS): fresh ones, as if the answers were true of them.
views_of_answers = --augment $(call quote,$(1)) --augment-answers
answer_views := $(if $(filter none,$(ANSWER_VIEW_OPTIONS)),, \
    $(call views_of_answers,$(ANSWER_VIEW_OPTIONS)))
train_options := $(call training,$(ARCH),$(STEPS))$(if $(ASSISTANT),$(lesson_options),$(answer_views))
# An assistant that teaches nobody is trained for no more steps than two an answer, or 1,000:
# the same ones whatever comes later.
with_student := $(if $(filter each,$(STUDENTS)),0 $(rounds),$(LAST))
answers_by = $(shell echo $$(( $(FIRST)$(foreach p,$(wordlist 1,$(1),$(PICKS)), + $(p)) )))
assistant_steps = $(if $(filter $(1),$(with_student)),$(ASSISTANT_STEPS),$(shell \
    printf '%s\n' $(ASSISTANT_STEPS) $$(( $(call answers_by,$(1)) * 2 > 1000 ? \
    $(call answers_by,$(1)) * 2 : 1000 )) | sort -g | head -n 1))
assistant_options = $(call training,$(ASSISTANT),$(call assistant_steps,$(1)))$(answer_views)
generation_options := $(foreach TEMPERATURE,$(GENERATION_TEMPERATURE),$(call \
    training,$(ASSISTANT),$(STEPS))) \
    $(call views_of_answers,$(ASSISTANT_VIEW_OPTIONS))
# The assistants of round R, the first one first.
generations = $(if $(filter $(1),$(with_student)),$(shell seq $(GENERATIONS)),1)
# $(call generation,R,G): the last one is the assistant.
generation = $(DIR)/round-$(1)/assistant$(if $(filter $(2),$(lastword \
    $(call generations,$(1)))),,-$(2)).safetensors
trained := $(train_options) $(if $(filter 1,$(WARM_START)),warm)$(if $(ASSISTANT),, by answers)
$(eval $(call keep,$(DIR)/train.options,trained,:))

# A program says only by its answers how many classes it knows: what is to learn from them or
# to be compared with them is looked at before anything more is bought.
.PHONY: answers-fit
answers-fit: $(DIR)/round-0/labels.amkd
	$(call hidden,amkd-train --check $(call training,$(ARCH),$(STEPS))$(if \
	    $(TEST), --val $(TEST)) $<)
	$(if $(ASSISTANT),$(call hidden,amkd-train --check $(call assistant_options,0) $<))
$(if $(ASSISTANT),$(call generation,0,1),$(DIR)/round-0/student.safetensors): | answers-fit

# From those of the same name in the round before.
warm := $(filter 1,$(WARM_START))
warm_start = $(if $(warm),$(patsubst %, -i %,$(filter %/$(@F),$^)))
# What round 0's networks are made with, in files that are equal where the runs are: such a
# network is trained once for all that share.
assistant_made_with := $(addprefix $(DIR)/,images.digest query.options \
    round-0/assistant.options $(if $(drawn),round-0/pick.options))
student_made_with := $(addprefix $(DIR)/,images.digest query.options train.options \
    $(if $(drawn),round-0/pick.options)$(if $(ASSISTANT), round-0/assistant.options))
# $(call train,OPTIONS,ROUND,MADE WITH)
define train
$(call run,amkd-train,$(if $(MPIRUN),$(MPIRUN) amkd-train_mpi,amkd-train) $(1)$(device)$(quiet)$(warm_start) $(checkpoint) \
    -o $@ $(filter %.amkd,$^),$(if $(PLAN),,$(if $(filter 0,$(2)),$(if $(SHARED), \
    cat $(3) | bash -p "$$AMKD_SHARE/distill-once.sh" $(SHARED)/networks $@ ))))
$(drop_checkpoint)
endef

# $(call measure,OPTIONS): the figures of the network that is the first prerequisite.
measure = $(call run,amkd-eval,amkd-eval -q$(device) -s $< --json -o $@ $(1))
on_test := --answers $(DIR)/test/labels.amkd $(TEST)

# $(call next_generation,R,G,G - 1): asking an assistant is a part of training the next.
define next_generation
$(DIR)/round-$(1)/opinions-$(3).amkd: $(images) $(call generation,$(1),$(3))
	$$(call run,amkd-train,amkd-query -t $$(call quote,model:$$(lastword $$^)) \
	    --batch $(TEACHER_BATCH)$$(device)$$(quiet) -o $$@ $$<)
$(call generation,$(1),$(2)): $(DIR)/round-$(1)/opinions-$(3).amkd \
    $$(call labels_of,0 $$(shell seq $(1)))
	$$(call train,$$(generation_options),$(1),$$(assistant_made_with))
endef

# $(call assistant,R,R - 1)
define assistant
assisted_$(1) := $(call assistant_options,$(1)) $(if $(warm),warm) $(if $(word \
    2,$(call generations,$(1))),then $(GENERATIONS) by $(generation_options))
$$(eval $$(call keep,$(DIR)/round-$(1)/assistant.options,assisted_$(1),:))
$(call generation,$(1),1): $$(call labels_of,0 $$(shell seq $(1))) \
    $(DIR)/round-$(1)/assistant.options $(if $(warm),$(if $(filter-out 0,$(1)), \
    $(call generation,$(2),1)))
	$$(call train,$$(call assistant_options,$(1)),$(1),$$(assistant_made_with))
$(foreach g,$(filter-out 1,$(call generations,$(1))),$(eval $(call \
    next_generation,$(1),$(g),$(shell echo $$(( $(g) - 1 ))))))

$(DIR)/round-$(1)/assistant.json: $(DIR)/round-$(1)/assistant.safetensors $(TEST) \
    $(DIR)/test/labels.amkd
	$$(call measure,$$(on_test))
endef
$(if $(ASSISTANT),$(foreach r,0 $(rounds),$(eval $(call assistant,$(r),$(shell \
    echo $$(( $(r) - 1 )))))))

# What round R's student learns from: what its assistant says of the real images, or the
# teacher's answers.
lessons = $(if $(ASSISTANT),$(images) $(DIR)/round-$(1)/assistant.safetensors,$(call \
    labels_of,0 $(shell seq $(1))))
by_assistant = $(if $(ASSISTANT), --assistant $(DIR)/round-$(1)/assistant.safetensors)

# $(call student,R,R - 1)
define student
$(DIR)/round-$(1)/student.safetensors: $$(call lessons,$(1)) $(DIR)/train.options $(if \
    $(warm),$(if $(filter-out 0,$(1)),$(DIR)/round-$(2)/student.safetensors))
	$$(call train,$$(train_options)$$(call by_assistant,$(1)),$(1),$$(student_made_with))

$(DIR)/round-$(1)/eval.json: $(DIR)/round-$(1)/student.safetensors $(TEST) \
    $(DIR)/test/labels.amkd
	$$(call measure,$$(on_test))

$(DIR)/round-$(1)/held-out.json: $(DIR)/round-$(1)/student.safetensors $(held_out)
	$$(call measure,$(held_out))
endef
$(foreach r,$(with_student),$(eval $(call student,$(r),$(shell echo $$(( $(r) - 1 ))))))

# What a round's line and the report are made of.
figures = $(DIR)/round-$(1)/picks.png $(if $(and $(TEST),$(ASSISTANT)), \
    $(DIR)/round-$(1)/assistant.json) $(if $(filter $(1),$(with_student)),$(addprefix \
    $(DIR)/round-$(1)/,$(if $(TEST),eval.json,student.safetensors) $(if $(held),held-out.json)), \
    $(DIR)/round-$(1)/assistant.safetensors)

# $(call report,R,R - 1)
define report
.PHONY: report-$(1)
report-$(1): $(if $(filter-out 0,$(1)),report-$(2)) $$(call figures,$(1))
	$$(if $(filter $(1),$(said)),,$$(call hidden,bash -p "$$$$AMKD_SHARE/distill-report.sh" \
	    $(DIR) $(1) $(QUIET)))
endef
$(foreach r,0 $(rounds),$(eval $(call report,$(r),$(shell echo $$(( $(r) - 1 ))))))

$(eval $(call keep,$(DIR)/student.round,LAST,:))
$(DIR)/student.safetensors: $(last)/student.safetensors $(DIR)/student.round
	cp $< $@.part
	mv $@.part $@

all: report-$(LAST) $(DIR)/student.safetensors

# ------------------------------------------------------------------------------ checks

# For amkd-distill, before anything is run: a line a command, the parameters that its options
# come from, where they have not its name as "NAME:option", a tab, and the command. A file "-"
# is one that is not there yet. The shell variable nclasses is the number of classes, or 0.
# Those whose tool runs here and needs the device look for it.
define newline


endef
tab := $(shell printf '\t')
check = $(info $(subst $(newline), ,$(strip $(1))$(tab)$(2)))
device_here = $(if $(LAUNCH_$(1)),,$(device))
of_training := $(call with,training=%) SEED
of_score := $(call with,score)
check_query = $(call check,TEACHER TEACHER_INPUT:input TEACHER_OPTIONS TEACHER_BATCH:batch \
    TIMEOUT DEVICE,$(call query,--check $(IMAGES),$(BUDGET),$(JOURNAL)))
check_student = $(call check,ARCH STEPS $(of_training) \
    $(if $(ASSISTANT),ASSISTANT,ANSWER)_VIEW_OPTIONS:augment ASSISTANT_VIEWS:views \
    MIN_TOP:min-top DEVICE \
    IMAGES TEST:val,amkd-train --check --classes "$$nclasses"$(if $(LAUNCH_train),, -d $(call \
    quote,$(DEVICE))) $(train_options)$(if $(ASSISTANT), --assistant -)$(if $(TEST), --val $(TEST)) $(IMAGES))
check_assistant = $(call check,ASSISTANT:arch ASSISTANT_STEPS:steps ANSWER_VIEW_OPTIONS:augment \
    $(of_training),amkd-train --check --classes "$$nclasses" $(call assistant_options,$(LAST)) \
    $(IMAGES))
check_generation = $(if $(filter-out 1,$(GENERATIONS)),$(call check,ASSISTANT:arch STEPS \
    ASSISTANT_VIEW_OPTIONS:augment GENERATION_TEMPERATURE:temperature \
    $(filter-out TEMPERATURE,$(of_training)),amkd-train --check --classes "$$nclasses" \
    $(generation_options) $(IMAGES)))
check_views = $(call check,VIEWS VIEW_OPTIONS DEVICE,amkd-augment --check \
    $(view_options)$(call device_here,augment) $(IMAGES))
# $(call check_round,R)
check_round = $(if $(bought),,$(call check,POOL:pairs SEED,amkd-pool --check$(pool_options) \
    $(patsubst $(DIR)/images.amkd,$(IMAGES),$(patsubst $(DIR)/views.amkd,-,$(pool_from)))))$(call \
    check,$(of_score) POOL:bought DEVICE,amkd-score --check -s - $(score_options)$(call \
    device_here,score))
# The first round of each kind, in whose pools and options the others are alike.
rounds_to_check = $(foreach kind,$(sort $(ASKS)),$(firstword $(foreach \
    r,$(rounds),$(if $(filter $(kind),$(call ask_of,$(r))),$(r)))))
check_eval = $(call check,TEST DEVICE,amkd-eval --check -s -$(call device_here,eval) $(TEST))

# Nothing is made yet, not even the directory.
.PHONY: check
check: labels_to = /dev/null
check: query_device = $(call device_here,query)
check:
	@: $(check_query)$(if $(TEST),$(check_eval))$(check_student)$(if \
	    $(ASSISTANT),$(check_assistant)$(check_generation))$(if $(filter views.amkd,$(notdir $(foreach \
	    r,$(rounds),$(call pool_from,$(r))))),$(check_views))$(foreach \
	    r,$(rounds_to_check),$(call check_round,$(r)))
