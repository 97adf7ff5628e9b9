#!/bin/bash
# mutations.sh [SEEDS] - break the state machine in fourteen ways, one at a time; the simulator must notice each within SEEDS (20000)
# schedules. Prints what noticed it. Exit 1 when a mutation survives, or does not apply any more.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
seeds=${1:-20000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
flags=(-std=gnu11 -D_GNU_SOURCE -D_LGPL_SOURCE -Iinclude -Ivrrpd -O2)
failed=0

# mutate NAME FILE SED-EXPRESSION
mutate() {
	local name=$1 file=$2 out
	sed -E "$3" "vrrpd/$file" >"$dir/$file"
	if cmp -s "vrrpd/$file" "$dir/$file"; then
		echo "DOES NOT APPLY: $name"
		failed=1
		return
	fi
	# The mutant stands before the library, which then has nothing to add for it.
	${CC:-gcc} "${flags[@]}" -o "$dir/sim" tests/sim/sim.c "$dir/$file" "$BUILD/libvrrp.a" "$BUILD/libcommon.a" -lev \
		-lcrypto || exit 1
	out=$(timeout 200 "$dir/sim" --seeds "$seeds" --jobs 1 2>&1)
	if [ $? -eq 0 ]; then
		echo "SURVIVES: $name"
		failed=1
	else
		echo "caught: $name: $(grep -m 1 -E '^seed [0-9]+: |ASSERT|assert' <<<"$out")"
	fi
}

fsm=vrrp_fsm.c
mutate "equal priorities: both think they win" $fsm 's/ev->priority == f->priority && ev->is_addr_greater/false/'
mutate "a worse advert makes the master yield" $fsm 's/return ev->priority > f->priority \|\|/return ev->priority > 0 \|\|/'
mutate "leaving keeps the addresses" $fsm 's/return VRRP_DEL_ADDRS \| VRRP_SEND_HANDOVER \| VRRP_SEND_ZERO;/return VRRP_SEND_HANDOVER | VRRP_SEND_ZERO;/'
mutate "yielding keeps the addresses" $fsm 's/return actions \| last_word \| VRRP_DEL_ADDRS;/return actions | last_word;/'
mutate "who overslept goes on" $fsm 's/if \(f->state == VRRP_ACTIVE && has_overslept\(f, now_us\)\)/if (false)/'
mutate "the dead time is two adverts" $fsm 's/f->params->down_adverts : 3;/f->params->down_adverts : 2;/'
mutate "Skew_Time grows with the priority" $fsm 's/return \(256 - f->priority\) \* unit/return (f->priority) * unit/'
mutate "nopreempt is ignored by the waiting one" $fsm 's/\} else if \(!may_preempt\(f\) \|\| ev->priority >= f->priority\) \{/} else if (ev->priority >= f->priority) {/'
mutate "a fault is forgotten in BACKUP" $fsm '/^static unsigned step_backup/,/^}/ s/return enter\(f, VRRP_FAULT, VRRP_CAUSE_FAULT, now_us\);/return 0;/'
mutate "no advert at the takeover" $fsm 's/return actions \| VRRP_ADD_ADDRS \| advertise\(f, now_us\) \| VRRP_ANNOUNCE;/(void)advertise(f, now_us); return actions | VRRP_ADD_ADDRS | VRRP_ANNOUNCE;/'
mutate "the interval of the master is not learned" $fsm 's/f->params->version == 3 && ev->adver_us > 0/false/'
mutate "the end of a lease means nothing" $fsm 's/if \(at_us >= f->deadline_us\)/if (true)/'
mutate "a member of a group claims alone" vrrp_sync.c 's/if \(k != who && m\[k\].is_running && !wants\)/if (false)/'
mutate "a group does not follow its member down" vrrp_sync.c 's/\*out = VRRP_EV_GROUP_BACKUP;/return false;/'
exit $failed
