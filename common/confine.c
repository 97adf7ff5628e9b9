/* confine.c - what a running daemon gives up for good. */
#include <errno.h>
#include <seccomp.h>
#include <sys/prctl.h>

#include <tandem/daemon.h>
#include <tandem/util.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

int daemon_confine(bool may_exec)
{
	(void)may_exec; /* the leak checker traces us at the end */
	return 0;
}

#else

/* What no proxy does and an intruder may want: other processes, the kernel's modules and memory,
 * mounts, namespaces, clocks, swap, keys, tracing. A list of what is denied, not of what is
 * allowed: libraries and kernels that use new calls must not break a proxy in service. */
static const int denied[] = {
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(kcmp),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(bpf),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(keyctl),
	SCMP_SYS(acct),
	SCMP_SYS(quotactl),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(personality),
	SCMP_SYS(vhangup),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(mknod),
	SCMP_SYS(mknodat),
};
static const int denied_without_exec[] = { SCMP_SYS(execve), SCMP_SYS(execveat) };

static int deny(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), calls[i], 0);

		if (rc != 0 && rc != -EDOM) /* -EDOM: this architecture has no such call */
			return rc;
	}
	return 0;
}

int daemon_confine(bool may_exec)
{
	scmp_filter_ctx ctx;
	int rc;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	ctx = seccomp_init(SCMP_ACT_ALLOW);
	if (ctx == NULL)
		return -ENOMEM;
	rc = deny(ctx, denied, ARRAY_LEN(denied));
	if (rc == 0 && !may_exec)
		rc = deny(ctx, denied_without_exec, ARRAY_LEN(denied_without_exec));
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}

#endif
