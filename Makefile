# Tandem - one Makefile for everything; `make help` lists the targets.

comma   := ,
BUILD   ?= build
SANITIZE ?=
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif

PKGS    := libnl-3.0 libnl-route-3.0 liburcu-qsbr liburcu-cds libcap-ng libsystemd jansson
CPPFLAGS += -D_GNU_SOURCE -Iinclude
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARN) $(WERROR) -fno-strict-aliasing -fstack-protector-strong -pthread
LDLIBS  = -lev -lhttp_parser $(shell pkg-config --libs $(PKGS)) -lm -pthread
ifneq ($(SANITIZE),)
BUILD   := build-$(firstword $(subst $(comma), ,$(SANITIZE)))
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -O1
LDFLAGS += -fsanitize=$(SANITIZE)
else
ALL_CFLAGS += -D_FORTIFY_SOURCE=2
endif

SRC_common := $(wildcard common/*.c)
SRC_proxy  := $(filter-out proxy/main.c,$(wildcard proxy/*/*.c))
SRC_vrrpd  := $(filter-out vrrpd/main.c,$(wildcard vrrpd/*.c vrrpd/*/*.c))
obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

UNIT_common := $(patsubst tests/unit/common/%.c,$(BUILD)/tests/unit/common/%,$(wildcard tests/unit/common/test_*.c))
UNIT_proxy  := $(patsubst tests/unit/proxy/%.c,$(BUILD)/tests/unit/proxy/%,$(wildcard tests/unit/proxy/test_*.c))
UNIT_vrrpd  := $(patsubst tests/unit/vrrpd/%.c,$(BUILD)/tests/unit/vrrpd/%,$(wildcard tests/unit/vrrpd/test_*.c))
UNITS := $(UNIT_common) $(UNIT_proxy) $(UNIT_vrrpd)

all: $(BUILD)/proxyd $(BUILD)/vrrpd ## build both daemons

$(BUILD)/libcommon.a: $(call obj,$(SRC_common))
$(BUILD)/libproxy.a: $(call obj,$(SRC_proxy))
$(BUILD)/libvrrp.a: $(call obj,$(SRC_vrrpd))
$(BUILD)/%.a:
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/proxyd: $(BUILD)/proxy/main.o $(BUILD)/libproxy.a $(BUILD)/libcommon.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(BUILD)/vrrpd: $(BUILD)/vrrpd/main.o $(BUILD)/libvrrp.a $(BUILD)/libcommon.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/proxy/%.o: CPPFLAGS += -Iproxy
$(BUILD)/vrrpd/%.o: CPPFLAGS += -Ivrrpd
$(BUILD)/tests/unit/proxy/%.o: CPPFLAGS += -Iproxy
$(BUILD)/tests/unit/vrrpd/%.o: CPPFLAGS += -Ivrrpd
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(shell pkg-config --cflags $(PKGS)) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(UNIT_common): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libcommon.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs check) $(LDLIBS)
$(UNIT_proxy): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libproxy.a $(BUILD)/libcommon.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs check) $(LDLIBS)
$(UNIT_vrrpd): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libvrrp.a $(BUILD)/libcommon.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs check) $(LDLIBS)

units: $(UNITS) ## build the unit tests

clean: ## remove all build products
	rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: all units clean
.SECONDARY:
