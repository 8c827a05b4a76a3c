# quill: make, make check, make install [home=DIR]
# Four parts: tool chain, layers, programs, checks and install.

# --- tool chain ------------------------------------------------------------
# make home=DIR overrides conf-home; SAN=1 builds with sanitizers; B= names
# another build directory; CC= and LD= override conf-cc and conf-ld.
MAKEFLAGS += --no-builtin-rules
home := $(shell head -n1 conf-home)
SAN ?=
B ?= $(if $(SAN),build/san,build)

conf_cc := $(shell head -n1 conf-cc)
conf_ld := $(shell head -n1 conf-ld)
SYSCC := $(shell head -n1 conf-cc-system)
SYSLD := $(shell head -n1 conf-ld-system)
have_cc := $(shell command -v $(firstword $(conf_cc)))
ifneq ($(SAN),)
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -g -U_FORTIFY_SOURCE
CC := $(SYSCC) $(SANFLAGS)
LD := $(SYSLD) $(SANFLAGS)
SYSCC += $(SANFLAGS)
SYSLD += $(SANFLAGS)
# options that a setuid program cannot be given by its environment
SANOBJ := $(B)/san.o
else ifeq ($(have_cc),)
$(if $(findstring command,$(origin CC)),,$(info make: \
$(firstword $(conf_cc)) (conf-cc) is not installed: using conf-cc-system))
CC := $(SYSCC)
LD := $(SYSLD)
else
CC := $(conf_cc)
LD := $(conf_ld)
endif
CFLAGS := -std=c11 -D_GNU_SOURCE -Isrc -MMD -MP -Wall -Wextra -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings \
	-Wcast-qual -Wformat=2 -Wimplicit-fallthrough $(WERROR)
Q := $(if $(V),,@)

.PHONY: all check clean closure install check-install lint bench FORCE
all:

# --- layers ----------------------------------------------------------------
lib_OBJS = ascii base64 cdb cdbmake control crc32c dial dotlock fd file here ibuf ipaddr \
	json lock log map num obuf prioq proc rand safefile shared sig stamp str \
	table utf8 dnsname dnspkt dnsq resolvconf usock netstring crypted spool
mail_OBJS = addr addrlex addrlist aliases aliasfile compose fullname header \
	idna mboxname mimeenc mimehead qualify route sevenbit sevenpart smtpreply
wire_OBJS = site status envelope handover qclient qkeep qpath qopen env envmake note \
	hint job report clean retry pwreq assign byhand aliasdb domains notify tls tlsrec \
	ctl verify authreq counters rates sessions routes relay dead socketmap \
	bydomain pwfile lookup standin daemon field
spawn_OBJS = spawn child hear intake outbox outcome work
LAYERS = lib mail wire spawn

# --- programs --------------------------------------------------------------
# NAME_OBJS: files under src, without .c; NAME_USES: layers, upper ones first.
quill-queue_OBJS = queue/queue queue/commit queue/pool
quill-queue_USES = wire lib
quill-clean_OBJS = clean/clean clean/check
quill-clean_USES = wire lib
quill-start_OBJS = start/start
quill-start_USES = wire lib
quill-send_OBJS = send/send send/conf send/known send/due send/alike send/scan send/load send/message \
	send/channel send/batch send/delivery send/cleaner send/bouncer \
	send/event send/tell send/line send/dest send/limit send/turn send/park send/result send/admit \
	send/hurry send/order send/ctl send/role send/answer send/tally
quill-send_USES = mail wire lib
quill-bounce_OBJS = bounce/bounce bounce/dsn bounce/pick bounce/text \
	bounce/original
quill-bounce_USES = mail wire lib
quill-lspawn_OBJS = lspawn/lspawn lspawn/route lspawn/getpw
quill-lspawn_USES = spawn wire lib
quill-rspawn_OBJS = rspawn/rspawn
quill-rspawn_USES = spawn wire lib
quill-getpw_OBJS = getpw/getpw getpw/lookup getpw/owner getpw/mounts
quill-getpw_USES = wire lib
quill-local_OBJS = local/local local/conf local/deliver local/orders \
	local/dotqmail local/message local/vars local/handdown local/maildir \
	local/mbox local/program local/forward local/result local/alias
quill-local_USES = mail wire lib
quill-remote_OBJS = remote/remote remote/conf remote/bykey remote/tlspolicy \
	remote/sasl remote/sts remote/dane remote/secure remote/mx \
	remote/hosts remote/group remote/self remote/reach remote/smtp \
	remote/hello remote/letter remote/transact remote/answer \
	remote/content remote/data remote/convert remote/result \
	remote/session remote/foretell
quill-remote_USES = mail wire lib
smtpd_SESSION = smtpd/session smtpd/outcome smtpd/received smtpd/verbs \
	smtpd/hello smtpd/envelope smtpd/params smtpd/auth
quill-smtpd_OBJS = smtpd/smtpd smtpd/conf smtpd/loop $(smtpd_SESSION) \
	smtpd/data smtpd/policy smtpd/audit smtpd/ask smtpd/secure \
	smtpd/clients smtpd/recipient smtpd/senders smtpd/enqueue \
	smtpd/limits smtpd/crowd smtpd/patience smtpd/usage \
	smtpd/content smtpd/msgid smtpd/foretell
quill-smtpd_USES = mail wire lib
quill-verifyd_OBJS = verifyd/verifyd verifyd/serve verifyd/lookups verifyd/memo
quill-verifyd_USES = mail wire lib
quill-authd_OBJS = authd/authd authd/serve authd/tell authd/limit authd/checker \
	authd/backend authd/file authd/shadow authd/program authd/dovecot
quill-authd_USES = wire lib
quill-authd_LIBS = -lcrypt
quill-passwd_OBJS = tools/quill-passwd
quill-passwd_USES = wire lib
quill-passwd_LIBS = -lcrypt
quill-inject_OBJS = inject/inject inject/fail inject/input inject/settings \
	inject/submit
quill-inject_USES = mail wire lib
sendmail_OBJS = tools/sendmail
sendmail_USES = wire lib
quillctl_OBJS = quillctl/quillctl quillctl/args quillctl/ask quillctl/walk \
	quillctl/logs quillctl/logdir quillctl/sendlog quillctl/replies quillctl/select \
	quillctl/say \
	quillctl/offline quillctl/status quillctl/queue quillctl/show \
	quillctl/order quillctl/why quillctl/schedule \
	quillctl/facts quillctl/paint quillctl/ages quillctl/top \
	quillctl/mend quillctl/fsck quillctl/fsckmess quillctl/archive \
	quillctl/export quillctl/done quillctl/import quillctl/metrics \
	quillctl/explain quillctl/explainsay quillctl/explainlocal \
	quillctl/delivery quillctl/program quillctl/dns quillctl/dnsrec \
	quillctl/check quillctl/checkcontrol quillctl/checkfiles \
	quillctl/checkrelay quillctl/checkusers quillctl/checkwho \
	quillctl/checkdomains quillctl/checkdns quillctl/checkhost quillctl/checkspf \
	quillctl/checkpolicy quillctl/checktls quillctl/checkservices \
	quillctl/checksystem \
	quillctl/report quillctl/counts quillctl/topk quillctl/idset \
	quillctl/reason quillctl/page quillctl/pagestyle \
	quillctl/doing quillctl/arrive quillctl/below \
	quillctl/pagetables quillctl/plot \
	quillctl/html quillctl/aside
quillctl_USES = mail wire lib
maildirmake_OBJS = tools/maildirmake
maildirmake_USES = lib
forward_OBJS = tools/forward tools/filter
forward_USES = wire lib
bouncesaying_OBJS = tools/bouncesaying tools/filter
bouncesaying_USES = wire lib
condredirect_OBJS = tools/condredirect tools/filter
condredirect_USES = wire lib
except_OBJS = tools/except tools/filter
except_USES = wire lib
preline_OBJS = tools/preline tools/filter
preline_USES = wire lib
maildir2mbox_OBJS = tools/maildir2mbox tools/mailbox
maildir2mbox_USES = lib
mbox2maildir_OBJS = tools/mbox2maildir tools/mailbox
mbox2maildir_USES = lib
quill-newu_OBJS = tools/quill-newu
quill-newu_USES = wire lib
quill-newaliases_OBJS = tools/quill-newaliases tools/aliascheck
quill-newaliases_USES = mail wire lib
quill-tcpto_OBJS = tools/quill-tcpto
quill-tcpto_USES = wire lib
quill-cdb_OBJS = tools/quill-cdb
quill-cdb_USES = wire lib
quill-dotforward_OBJS = tools/quill-dotforward
quill-dotforward_USES = mail wire lib
quill-domain_OBJS = domain/domain domain/lines domain/hup
quill-domain_USES = mail wire lib
quill-mailbox_OBJS = mailbox/mailbox mailbox/box mailbox/list
quill-mailbox_USES = mail wire lib
quill-pw2u_OBJS = tools/quill-pw2u
quill-pw2u_USES = wire lib
quill-qmqpc_OBJS = qmqpc/qmqpc qmqpc/ask
quill-qmqpc_USES = wire lib
quill-milter_OBJS = milter/milter milter/message milter/filter milter/talk \
	milter/changes milter/link
quill-milter_USES = mail wire lib
quill-qmqpd_OBJS = qmqpd/qmqpd
quill-qmqpd_USES = wire lib
quill-tlsd_OBJS = tlsd/tlsd tlsd/bundle tlsd/cache tlsd/certs tlsd/conn \
	tlsd/loaded tlsd/peer tlsd/proxy tlsd/relay tlsd/serve tlsd/signer \
	tlsd/signreq
quill-tlsd_USES = wire lib
quill-tlsd_LIBS = -lssl -lcrypto

PROGRAMS = quill-queue quill-clean quill-start quill-send quill-bounce \
	quill-lspawn quill-rspawn quill-local quill-remote quill-smtpd \
	quill-verifyd quill-inject sendmail quillctl quill-newu quill-newaliases quill-cdb \
	quill-tcpto \
	quill-dotforward quill-mailbox quill-pw2u maildirmake maildir2mbox \
	mbox2maildir forward bouncesaying condredirect except preline \
	quill-qmqpc quill-qmqpd quill-milter
# built with conf-cc-system: they need the system's name service
SYSPROGRAMS = quill-getpw quill-domain quill-authd quill-passwd

# built by make tls alone: it needs OpenSSL (package libssl-dev)
TLSPROGRAMS = quill-tlsd
# scripts under src/tools, with @HOME@ filled in
SCRIPTS = quill-config quill-service mailinjector mailbot

all: $(PROGRAMS:%=$(B)/bin/%) $(SYSPROGRAMS:%=$(B)/bin/%) $(SCRIPTS:%=$(B)/bin/%)
# what make tls once made is made anew with the others: make install takes it
all: $(wildcard $(TLSPROGRAMS:%=$(B)/bin/%))
tls: $(TLSPROGRAMS:%=$(B)/bin/%)
.PHONY: tls

# o: objects of the suite; os: the same source, for SYSPROGRAMS.
objs = $(foreach o,$($(1)_OBJS),$(B)/$(2)/$(o).o)
libs = $(foreach l,$($(1)_USES),$(B)/$(2)/$(l).a)

$(B)/o/wire/%.o $(B)/os/wire/%.o $(B)/o/mail/%.o: CFLAGS += -Wconversion
$(B)/o/%.o: src/%.c $(B)/tools
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<
$(B)/os/%.o: src/%.c $(B)/tools
	$(Q)mkdir -p $(@D)
	$(Q)$(SYSCC) $(CFLAGS) -c -o $@ $<

$(B)/san.o: tests/san.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

# $(B)/tools changes when a line 1 of conf-cc or conf-ld does, or CC= or LD=.
tools = $(CC) : $(LD) : $(SYSCC) : $(SYSLD)
$(B)/tools: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(tools)' | cmp -s - $@ || echo '$(tools)' >$@

# The home is compiled into one object; $(B)/home changes when it does.
$(B)/home: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(home)' | cmp -s - $@ || echo '$(home)' >$@
$(B)/o/wire/site.o $(B)/os/wire/site.o: CFLAGS += -DQUILL_HOME='"$(home)"'
$(B)/o/wire/site.o $(B)/os/wire/site.o: $(B)/home

define layer_rule
$$(B)/$(2)/$(1).a: $$($(1)_OBJS:%=$$(B)/$(2)/$(1)/%.o)
	$$(Q)rm -f $$@
	$$(Q)$(AR) rcs $$@ $$^
endef
AR = ar
$(foreach l,$(LAYERS),$(eval $(call layer_rule,$l,o)))
$(foreach l,$(LAYERS),$(eval $(call layer_rule,$l,os)))

define program_rule
$$(B)/bin/$(1): $$(SANOBJ) $$(call objs,$(1),$(2)) $$(call libs,$(1),$(2))
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$($(3)) -o $$@ $$^ $$($(1)_LIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$p,o,LD)))
$(foreach p,$(SYSPROGRAMS) $(TLSPROGRAMS),\
	$(eval $(call program_rule,$p,os,SYSLD)))

$(SCRIPTS:%=$(B)/bin/%): $(B)/bin/%: src/tools/%.sh $(B)/home
	$(Q)mkdir -p $(@D)
	$(Q)sed 's|@HOME@|$(home)|g' $< >$@
	$(Q)chmod 755 $@

clean:
	rm -rf build

# --- unit tests ------------------------------------------------------------
# tests/unit/NAME.c tests one module; those that test a program's module name
# its objects in unit_NAME_OBJS. All layers are linked.
UNITS = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
unit_lspawn_route_OBJS = lspawn/route lspawn/getpw
unit_getpw_lookup_OBJS = getpw/lookup
unit_getpw_mounts_OBJS = getpw/mounts
unit_smtpd_session_OBJS = $(smtpd_SESSION)
unit_authd_limit_OBJS = authd/limit
unit_authd_dovecot_OBJS = authd/dovecot
unit_verifyd_lookups_OBJS = verifyd/lookups verifyd/memo
unit_smtpd_msgid_OBJS = smtpd/msgid
unit_smtpd_data_OBJS = smtpd/data
unit_smtpd_policy_OBJS = smtpd/policy
unit_inject_input_OBJS = inject/input
unit_bounce_text_OBJS = bounce/text
unit_local_dotqmail_OBJS = local/dotqmail
unit_quillctl_sendlog_OBJS = quillctl/sendlog quillctl/args
unit_quillctl_counts_OBJS = quillctl/counts quillctl/topk quillctl/idset \
	quillctl/reason quillctl/sendlog quillctl/logs quillctl/logdir
unit_quillctl_html_OBJS = quillctl/html
unit_quillctl_below_OBJS = quillctl/below
unit_send_known_OBJS = send/known send/due send/alike
unit_tlsd_signreq_OBJS = tlsd/signreq
unit_send_turn_OBJS = send/turn send/park send/dest send/limit send/line
unit_remote_mx_OBJS = remote/mx
unit_remote_data_OBJS = remote/data
unit_remote_bykey_OBJS = remote/bykey
unit_remote_tlspolicy_OBJS = remote/tlspolicy remote/bykey
unit_remote_sasl_OBJS = remote/sasl remote/bykey
unit_remote_sts_OBJS = remote/sts
unit_remote_dane_OBJS = remote/dane
$(B)/tests/unit/%.o: tests/unit/%.c $(B)/tools
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Itests -c -o $@ $<
define unit_rule
$$(B)/tests/unit/$(1): $$(B)/tests/unit/$(1).o $$(call objs,unit_$(1),o) \
		$$(B)/o/spawn.a $$(B)/o/mail.a $$(B)/o/wire.a $$(B)/o/lib.a
	$$(Q)$$(LD) -o $$@ $$^
endef
$(foreach u,$(UNITS),$(eval $(call unit_rule,$u)))
units: $(UNITS:%=$(B)/tests/unit/%)
.PHONY: units

# --- checks ----------------------------------------------------------------
# Installs what the tests need, builds in several ways, runs everything.
check:
	$(Q)MAKE='$(MAKE)' B=$(B) SAN=$(SAN) PASSES='$(PASSES)' \
		sh tests/check.sh

lint: all units
	$(Q)ls tests/lint/*.t | B=$(B) perl tests/harness.pl /dev/null

# The user of each program and how many source lines are linked into it.
closure: all
	$(Q)$(foreach p,$(PROGRAMS),sh src/tools/closure.sh $p \
		src/$(firstword $($(p)_OBJS)).c $(B)/o $(LD) \
		$(call objs,$p,o) $(call libs,$p,o) &&) \
	$(foreach p,$(SYSPROGRAMS),sh src/tools/closure.sh $p \
		src/$(firstword $($(p)_OBJS)).c $(B)/os $(SYSLD) \
		$(call objs,$p,os) $(call libs,$p,os) &&) true

# --- fuzzing ---------------------------------------------------------------
# tests/fuzz/NAME.c, one for each decoder; those that feed a program's module
# name its objects in fuzz_NAME_OBJS. Always clang, with its sanitizers. make
# fuzz builds them, make fuzz FUZZTIME=10 runs each for that many seconds.
FUZZCC = clang -g -O1 -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all
FUZZERS = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZTIME =
fuzz_authd_dovecot_OBJS = authd/dovecot
fuzz_checkdns_OBJS = quillctl/checkspf quillctl/checkpolicy
fuzz_dotqmail_OBJS = local/dotqmail
fuzz_milter_OBJS = milter/message milter/talk milter/changes \
	milter/link
fuzz_quillctl_OBJS = quillctl/sendlog quillctl/mend quillctl/below \
	quillctl/archive
fuzz_quillctl_report_OBJS = quillctl/counts quillctl/topk quillctl/idset \
	quillctl/reason quillctl/sendlog quillctl/pagetables quillctl/html \
	quillctl/say
fuzz_remote_data_OBJS = remote/data
fuzz_socketmap_OBJS = remote/sts
fuzz_tlsa_OBJS = remote/dane
fuzz_smtpd_data_OBJS = smtpd/data
fuzz_smtpd_auth_OBJS = $(smtpd_SESSION)
fuzz_smtpd_msgid_OBJS = smtpd/msgid
fuzz_tlsd_signreq_OBJS = tlsd/signreq
fuzz_smtpd_session_OBJS = $(smtpd_SESSION) smtpd/data
$(B)/fuzz/o/wire/site.o: CFLAGS += -DQUILL_HOME='"$(home)"'
$(B)/fuzz/o/%.o: src/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZCC) -fsanitize=fuzzer-no-link $(CFLAGS) -c -o $@ $<
$(B)/fuzz/t/%.o: tests/fuzz/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZCC) -fsanitize=fuzzer-no-link $(CFLAGS) -Itests -c -o $@ $<
$(foreach l,$(LAYERS),$(eval $(call layer_rule,$l,fuzz/o)))
define fuzz_rule
$$(B)/fuzz/$(1): $$(B)/fuzz/t/$(1).o $$(call objs,fuzz_$(1),fuzz/o) \
		$$(B)/fuzz/o/mail.a $$(B)/fuzz/o/wire.a $$(B)/fuzz/o/lib.a
	$$(Q)$$(FUZZCC) -fsanitize=fuzzer -o $$@ $$^
endef
$(foreach f,$(FUZZERS),$(eval $(call fuzz_rule,$f)))
fuzz: $(FUZZERS:%=$(B)/fuzz/%)
	$(Q)[ -z '$(FUZZTIME)' ] || \
		sh tests/fuzz/run.sh $(B)/fuzz '$(FUZZTIME)' $(FUZZERS)
.PHONY: fuzz

# --- crash tests -----------------------------------------------------------
# Cuts the power, kills, lets operations fail; tests/crash/run.sh says how. A
# sample of it, quick.t, is part of make check. CRASH=all: much longer.
CRASH =
FUSE = $(shell pkg-config --cflags --libs fuse3)
$(B)/crash/cutfs: tests/crash/cutfs.c tests/crash/control.c \
		tests/crash/image.c tests/crash/cutfs.h tests/crash/image.h
	$(Q)mkdir -p $(@D)
	$(Q)$(SYSCC) $(CFLAGS) -o $@ $(filter %.c,$^) $(FUSE)
$(B)/crash/box: tests/crash/box.c tests/crash/kept.c tests/crash/kept.h
	$(Q)mkdir -p $(@D)
	$(Q)$(SYSCC) $(CFLAGS) -o $@ $(filter %.c,$^)
crash-tools: $(B)/crash/cutfs $(B)/crash/box
check-crash: all crash-tools
	$(Q)B=$(B) CRASH='$(CRASH)' sh tests/crash/run.sh full
.PHONY: crash-tools check-crash

# --- bench -----------------------------------------------------------------
# Speed, against peers in the same run: tests/bench/bench. 20 minutes at most,
# with QUICK=1 four.
bench: all
	$(Q)QUICK='$(QUICK)' sh tests/bench/bench

ifneq ($(R),)
$(R)/runmany: tests/bench/runmany.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) -o $@ $<
$(R)/manyq: tests/bench/manyq.c $(R)/o/site.o $(B)/o/wire.a $(B)/o/lib.a
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) -o $@ $^
bench-tools: $(R)/runmany $(R)/manyq
.PHONY: bench-tools
endif

# --- install ---------------------------------------------------------------
# src/tools/install.tab says what goes where, with owner and mode.
BIN = $(B)/bin
install: all
	$(Q)BIN=$(BIN) sh src/tools/install.sh install $(home)

check-install:
	$(Q)BIN=$(BIN) sh src/tools/install.sh check $(home)

# The same objects linked for another home: make relink rhome=DIR R=OUT. The
# tests use it, each for a private copy, without touching $(B)/bin.
define relink_rule
$$(R)/bin/$(1): $$(SANOBJ) $$(R)/$(2)/site.o $$(call objs,$(1),$(2)) \
		$$(call libs,$(1),$(2))
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$($(3)) -o $$@ $$^ $$($(1)_LIBS)
endef
ifneq ($(R),)
$(foreach p,$(PROGRAMS),$(eval $(call relink_rule,$p,o,LD)))
$(foreach p,$(SYSPROGRAMS) $(TLSPROGRAMS),\
	$(eval $(call relink_rule,$p,os,SYSLD)))
$(R)/o/site.o: src/wire/site.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) -DQUILL_HOME='"$(rhome)"' \
		-c -o $@ $<
$(R)/os/site.o: src/wire/site.c
	$(Q)mkdir -p $(@D)
	$(Q)$(SYSCC) $(filter-out -MMD -MP,$(CFLAGS)) \
		-DQUILL_HOME='"$(rhome)"' -c -o $@ $<
$(SCRIPTS:%=$(R)/bin/%): $(R)/bin/%: src/tools/%.sh
	$(Q)mkdir -p $(@D)
	$(Q)sed 's|@HOME@|$(rhome)|g' $< >$@
	$(Q)chmod 755 $@
relink: $(PROGRAMS:%=$(R)/bin/%) $(SYSPROGRAMS:%=$(R)/bin/%) \
	$(SCRIPTS:%=$(R)/bin/%) \
	$(patsubst $(B)/%,$(R)/%,$(wildcard $(TLSPROGRAMS:%=$(B)/bin/%)))
.PHONY: relink
endif

-include $(shell find $(B) -type f -name '*.d' 2>/dev/null)
