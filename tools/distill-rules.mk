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

# $(call run,TOOL,COMMAND): runs the command and notes tool, target, start and end in
# times.tsv beside the target, and while it runs the first three in a file of its own, for
# --status. A plan shows the bare command.
run = $(if $(PLAN),$(2),$(if $(VERBOSE),printf '%s\n' $(call quote,$(2)) >&2;) \
    start=$$(date +%s.%N); printf '%s\t%s\t%s\n' $(1) $(@F) "$$start" >$@.running; \
    $(2); rm -f $@.running; \
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
said := $(if $(filter-out 0,$(FIRST)),$(shell seq 0 $$(( $(FIRST) - 1 ))))
rounds_before = $(shell seq $$(( $(1) - 1 )))
labels_of = $(patsubst %,$(DIR)/round-%/labels.amkd,$(1))
images := $(DIR)/images.amkd
views := $(if $(filter-out 0,$(VIEWS)),$(DIR)/views.amkd)

# ------------------------------------------------------------------------- real images

# A copy, so that the run holds all its streams, and by digest: touching the file or
# moving it buys no answer a second time.
$(eval $(call keep,$(DIR)/images.digest,IMAGES_DIGEST,$$(set_parts_aside)))
$(images): $(DIR)/images.digest
	cp $(IMAGES) $@.part
	mv $@.part $@

# ------------------------------------------------------------------------------- views

# $(eval $(call make_views,FILE,VARIABLE)): FILE holds the views that the options in
# VARIABLE make of the real images.
define make_views
$$(eval $$(call keep,$(1).options,$(2),:))
$(1): $$(images) $(1).options
	$$(call run,amkd-augment,amkd-augment $$($(2))$$(device)$$(quiet) -o $$@ $$<)
endef

view_options := -V $(VIEWS) --seed $(SEED)$(if $(VIEW_OPTIONS), $(VIEW_OPTIONS))
$(if $(views),$(eval $(call make_views,$(views),view_options)))
study_options := -V $(ASSISTANT_VIEWS) --keep --seed $(SEED)999$(if \
    $(ASSISTANT_VIEW_OPTIONS), $(ASSISTANT_VIEW_OPTIONS))
$(if $(ASSISTANT),$(eval $(call make_views,$(DIR)/study.amkd,study_options)))

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
    --batch $(TEACHER_BATCH) --timeout $(TIMEOUT)$(device)$(quiet) \
    -o $(@D)/labels.part.amkd $(1)
# amkd-query has the turn as long as it lives; a program that it asks has not (worker.c).
turn := $(if $(STORE),flock $(STORE).turn )

# $(call buy,IMAGES OR PICKS,BUDGET,JOURNAL)
define buy
$(call hidden,mkdir -p $(@D); $(call set_aside,$@))
$(call run,amkd-query,$(turn)$(query))
mv $(@D)/labels.part.amkd $@
endef

$(eval $(call keep,$(DIR)/query.options,answered_by,$$(set_parts_aside)))
$(DIR)/round-0/labels.amkd: $(images) $(DIR)/query.options
	$(call buy,$(images),$(BUDGET),$(JOURNAL))

$(eval $(call keep,$(DIR)/test/images.digest,TEST_DIGEST,$$(set_parts_aside)))
$(DIR)/test/labels.amkd: $(DIR)/test/images.digest $(DIR)/query.options | answers-fit
	$(call buy,$(TEST),,$(DIR)/test/journal)

# ------------------------------------------------------------------- pairs, picks, sheets

# The seed of round r, different from those of other seeds' rounds.
seed_of = $(SEED)$(shell printf %03d $(1))
bought := $(if $(filter bought,$(POOL)),$(addprefix --bought=,$(BOUGHT)))
pool_of = $(filter-out all,$(word $(1),$(POOLS)))
pool_options = $(if $(filter 1,$(SINGLE)), --single)$(if $(bought),,$(if $(call pool_of,$(1)), \
    -n $(call pool_of,$(1)) --seed $(call seed_of,$(1))))
noise := $(if $(filter-out 0,$(NOISE)), --noise $(NOISE))
score_options = --by $(BY)$(if $(bought), $(bought),$(if \
    $(filter 1,$(SINGLE)),, --lambda $(LAMBDA))) -k $(word $(1),$(PICKS))$(max_per_image)$(if \
    $(drawn)$(filter random,$(BY)),$(drawn) --seed $(call seed_of,$(1)))$(diverse)
drawn := $(noise)$(if $(filter-out 0,$(RANDOM_SHARE)), --random-share $(RANDOM_SHARE))
diverse := $(if $(filter-out 0,$(DIVERSE)), --diverse $(DIVERSE))
max_per_image := $(if $(filter-out 0,$(MAX_PER_IMAGE)), --max-per-image $(MAX_PER_IMAGE))
asked_before = $(foreach r,$(if $(BOUGHT_REAL),0) $(call rounds_before,$(1)), \
    --exclude $(DIR)/round-$(r)/labels.amkd)
# $(call score,R,STUDENT,SHARD)
score = $(if $(bought),,amkd-pool -q$(call pool_options,$(1))$(3) \
    $(or $(views),$(images)) | \
    )amkd-score -s $(2) $(score_options)$(asked_before)$(device)$(quiet) -o $@

# $(call round,R,R - 1)
define round
pick_options_$(1) = $$(subst $(DIR)/,,$$(call pool_options,$(1)) $$(call score_options,$(1)))$$(if \
    $$(bought), $$(TEACHER_DIGEST))
$$(eval $$(call keep,$(DIR)/round-$(1)/pick.options,pick_options_$(1),:))

parts_$(1) := $$(shell seq -f '$(DIR)/round-$(1)/picks.%gof$(SHARDS).amkd' \
    0 $$$$(( $(SHARDS) - 1 )))
pick_from_$(1) := $(DIR)/round-$(2)/student.safetensors $(DIR)/round-$(1)/pick.options \
    $(views) $$(call labels_of,0 $$(call rounds_before,$(1)))

ifeq ($(SHARDS),1)
$(DIR)/round-$(1)/picks.amkd: $$(pick_from_$(1))
	$$(call hidden,$$(call set_aside,$$(addprefix $$(@D)/,labels.amkd labels.part.amkd)))
	$$(call run,amkd-score,$$(call score,$(1),$$<))
	$$(call hidden,rm -f $$(@D)/picks.*of*.amkd)
else
.SECONDARY: $$(parts_$(1))
$$(parts_$(1)): $$(pick_from_$(1))
	$$(call run,amkd-score,$$(call score,$(1),$$<, \
	    --shard $$(patsubst picks.%of$(SHARDS).amkd,%,$$(@F))/$(SHARDS)))
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

$(DIR)/round-0/images.png: $(images) | $(DIR)/round-0/labels.amkd
	$(call run,amkd-cat,amkd-cat -q --png $@ --head 200 --columns 20 $<)

# ---------------------------------------------------------------------------- students

holdout := $(if $(filter-out 0,$(HOLDOUT)), --holdout $(HOLDOUT))
# $(call training,ARCH,STEPS)
training = -a $(call quote,$(1)) --steps $(2) -b $(BATCH) --optimizer $(OPTIMIZER) \
    --lr $(LR)$(if $(filter sgd,$(OPTIMIZER)), --momentum $(MOMENTUM)) \
    --weight-decay $(WEIGHT_DECAY) --schedule $(SCHEDULE) -T $(TEMPERATURE)$(if \
    $(filter-out 0,$(MIXUP)), --mixup $(MIXUP)) --seed $(SEED)
# What is held out is for those who learn from the teacher's own answers.
train_options := $(call training,$(ARCH),$(STEPS))$(if $(ASSISTANT),,$(holdout))
assistant_options := $(call training,$(ASSISTANT),$(ASSISTANT_STEPS))$(holdout)
trained := $(train_options) $(if $(filter 1,$(WARM_START)),warm)$(if $(ASSISTANT),, by answers)
assisted := $(assistant_options) $(if $(filter 1,$(WARM_START)),warm)
$(eval $(call keep,$(DIR)/train.options,trained,:))
$(if $(ASSISTANT),$(eval $(call keep,$(DIR)/assistant.options,assisted,:)))

# A program says only by its answers how many classes it knows: what is to learn from them or
# to be compared with them is looked at before anything more is bought.
.PHONY: answers-fit
answers-fit: $(DIR)/round-0/labels.amkd
	$(call hidden,amkd-train --check $(train_options)$(if $(TEST), --val $(TEST)) $<)
	$(if $(ASSISTANT),$(call hidden,amkd-train --check $(assistant_options) $<))
first_network = $(DIR)/round-0/$(if $(ASSISTANT),assistant,student).safetensors
$(first_network): | answers-fit

warm_start = $(if $(filter 1,$(WARM_START)),$(patsubst %, -i %,$(filter %.safetensors,$^)))
# A checkpoint is of this training if it is younger than all that the training is made of.
checkpoint = --checkpoint $(@:.safetensors=.checkpoint)$(shell \
    for f in $^; do [ $(@:.safetensors=.checkpoint) -nt $$f ] || exit; done; \
    echo ' --resume $(@:.safetensors=.checkpoint)')
# What round 0's networks are made with, in files that are equal where the runs are: such a
# network is trained once for all that share.
assistant_made_with := $(addprefix $(DIR)/,images.digest query.options assistant.options)
student_made_with := $(addprefix $(DIR)/,images.digest query.options train.options \
    $(if $(ASSISTANT),assistant.options study.amkd.options))
# $(call train,OPTIONS,ROUND,MADE WITH)
define train
$(call run,amkd-train,$(if $(PLAN),,$(if $(filter 0,$(2)),$(if $(SHARED), \
    cat $(3) | bash -p "$$AMKD_SHARE/distill-once.sh" $(SHARED)/networks $@ \
    )))amkd-train $(1)$(device)$(quiet)$(warm_start) $(checkpoint) \
    -o $@ $(filter %.amkd,$^))
$(call hidden,rm -f $(@:.safetensors=.checkpoint))
endef

# What the stop rules look at after round R: its student on all that is held out so far,
# and on what was when PATIENCE began.
held_out = $(if $(holdout),$(addprefix $(DIR)/round-$(1)/held-out.,$(addsuffix .json, \
    $(1) $(call patience_began,$(1)))))
patience_began = $(if $(filter-out 0,$(PATIENCE)),$(shell \
    [ $(1) -lt $(PATIENCE) ] || echo $$(( $(1) - $(PATIENCE) ))))

# What round R's student learns from: the teacher's answers, or its assistant's.
lessons = $(if $(ASSISTANT),$(DIR)/round-$(1)/lessons.amkd,$(call labels_of,0 \
    $(shell seq $(1))))

# $(call assistant,R,R - 1)
define assistant
$(DIR)/round-$(1)/assistant.safetensors: $$(call labels_of,0 $$(shell seq $(1))) \
    $(DIR)/assistant.options \
    $(if $(filter-out 0,$(1)),$(DIR)/round-$(2)/assistant.safetensors)
	$$(call train,$$(assistant_options),$(1),$$(assistant_made_with))

$(DIR)/round-$(1)/lessons.amkd: $(DIR)/round-$(1)/assistant.safetensors $(DIR)/study.amkd
	$$(call run,amkd-query,amkd-query -t model:$$<$$(device)$$(quiet) -o $$@ \
	    $(DIR)/study.amkd)
endef
$(if $(ASSISTANT),$(foreach r,0 $(rounds),$(eval $(call assistant,$(r),$(shell \
    echo $$(( $(r) - 1 )))))))

# $(call student,R,R - 1)
define student
$(DIR)/round-$(1)/student.safetensors: $$(call lessons,$(1)) \
    $(DIR)/train.options $(if $(filter-out 0,$(1)),$(DIR)/round-$(2)/student.safetensors)
	$$(call train,$$(train_options),$(1),$$(student_made_with))

$(DIR)/round-$(1)/eval.json: $(DIR)/round-$(1)/student.safetensors $(TEST) \
    $(DIR)/test/labels.amkd
	$$(call run,amkd-eval,amkd-eval -q$$(device) -s $$< \
	    --answers $(DIR)/test/labels.amkd --json -o $$@ $(TEST))

# How the student does on what is held out, of the answers up to round 0, ... R.
$(DIR)/round-$(1)/held-out.%.json: $(DIR)/round-$(1)/student.safetensors
	$$(call run,amkd-eval,amkd-eval -q$$(device)$(holdout) -s $$< --json -o $$@ \
	    $$(call labels_of,$$(shell seq 0 $$*)))

.PHONY: report-$(1)
report-$(1): $(if $(filter-out 0,$(1)),report-$(2)) \
    $(DIR)/round-$(1)/$(if $(filter-out 0,$(1)),picks,images).png \
    $(DIR)/round-$(1)/$(if $(TEST),eval.json,student.safetensors) $$(call held_out,$(1))
	$$(if $(filter $(1),$(said)),,$$(call hidden,bash -p "$$$$AMKD_SHARE/distill-report.sh" \
	    $(DIR) $(1)))
endef
$(foreach r,0 $(rounds),$(eval $(call student,$(r),$(shell echo $$(( $(r) - 1 ))))))

$(eval $(call keep,$(DIR)/student.round,LAST,:))
$(DIR)/student.safetensors: $(last)/student.safetensors $(DIR)/student.round
	cp $< $@.part
	mv $@.part $@

all: report-$(LAST) $(DIR)/student.safetensors

# ------------------------------------------------------------------------------ checks

# For amkd-distill, before anything is run: a line a command, the parameters that its options
# come from, where they have not its name as "NAME:option", a tab, and the command. A file "-"
# is one that is not there yet. The shell variable nclasses is the number of classes, or 0.
# One of them looks for the device.
define newline


endef
tab := $(shell printf '\t')
check = $(info $(subst $(newline), ,$(strip $(1))$(tab)$(2)))
of_training := BATCH OPTIMIZER LR MOMENTUM WEIGHT_DECAY SCHEDULE TEMPERATURE MIXUP SEED HOLDOUT
of_score := BY LAMBDA MAX_PER_IMAGE NOISE RANDOM_SHARE DIVERSE
check_query = $(call check,TEACHER TEACHER_INPUT:input TEACHER_OPTIONS TEACHER_BATCH:batch \
    TIMEOUT DEVICE,$(call query,--check $(IMAGES),$(BUDGET),$(JOURNAL)))
check_student = $(call check,ARCH STEPS $(of_training) DEVICE IMAGES TEST:val,amkd-train --check \
    --classes "$$nclasses" -d $(call quote,$(DEVICE)) $(train_options)$(if $(TEST), \
    --val $(TEST)) $(IMAGES))
check_assistant = $(call check,ASSISTANT:arch ASSISTANT_STEPS:steps $(of_training),amkd-train \
    --check --classes "$$nclasses" $(assistant_options) $(IMAGES))
check_views = $(call check,VIEWS VIEW_OPTIONS,amkd-augment --check $(view_options) $(IMAGES))
check_study = $(call check,ASSISTANT_VIEWS:views ASSISTANT_VIEW_OPTIONS,amkd-augment --check \
    $(study_options) $(IMAGES))
check_pool = $(call check,POOL:pairs SINGLE SEED,amkd-pool \
    --check$(call pool_options,1) $(if $(views),-,$(IMAGES)))
check_score = $(call check,$(of_score) POOL:bought,amkd-score --check -s - \
    $(call score_options,1))
check_eval = $(call check,TEST,amkd-eval --check -s - $(TEST))

.PHONY: check
check:
	@: $(check_query)$(if $(TEST),$(check_eval))$(check_student)$(if \
	    $(ASSISTANT),$(check_assistant)$(check_study))$(if $(views),$(check_views))$(if \
	    $(rounds),$(if $(bought),,$(check_pool))$(check_score))
