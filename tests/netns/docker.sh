#!/bin/bash
# docker.sh - deploy/docker as far as a machine without Docker can tell: the compose file is what `docker compose config`
# would take and scales, what both files name is there, the build's commands exist, the configuration passes -c, and what the
# image would hold runs as process 1 of a user without rights. (proxyd-scale.sh does the rest with the same haproxy.cfg.)
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
top=$(cd "$here/../.." && pwd)
BUILD=${BUILD:-$top/build}
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac
python3 -c 'import yaml' 2>/dev/null || {
	echo "needs python3-yaml"
	exit 77
}
docker=$top/deploy/docker

# ---- compose.yaml ----
python3 - "$docker/compose.yaml" "$top" <<'PY' || lab_fail "compose.yaml"
import os, re, sys, yaml

path, top = sys.argv[1:]
here = os.path.dirname(path)
c = yaml.safe_load(open(path))
errors = []


def check(ok, text):
    if not ok:
        errors.append(text)


# What the compose specification permits, of what is used here: a misspelt key is refused by Docker too.
TOP = {"name", "services", "networks"}
SERVICE = {"build", "expose", "stop_grace_period", "restart", "networks", "depends_on", "ports", "volumes",
           "cap_drop", "security_opt", "ulimits", "healthcheck"}
DURATION = re.compile(r"^(\d+h)?(\d+m)?(\d+s)?$")
check(set(c) <= TOP, "unknown keys %s" % (set(c) - TOP))
text = open(os.path.join(top, "deploy/docker/Dockerfile")).read()
targets = re.findall(r"^FROM \S+ AS (\S+)", text, re.M)
for name, s in c["services"].items():
    check(set(s) <= SERVICE, "%s: unknown keys %s" % (name, set(s) - SERVICE))
    b = s["build"]
    context = os.path.normpath(os.path.join(here, b["context"]))
    check(context == os.path.normpath(top), "%s: the context is not the source tree" % name)
    check(os.path.isfile(os.path.join(context, b["dockerfile"])), "%s: no %s" % (name, b["dockerfile"]))
    check(b["target"] in targets, "%s: the Dockerfile has no stage %s" % (name, b["target"]))
    for v in s.get("volumes", []):
        check(os.path.exists(os.path.join(here, v.split(":")[0])), "%s: no %s" % (name, v))
    for n in s.get("networks", []):
        check(n in c["networks"], "%s: no network %s" % (name, n))
    for d in s.get("depends_on", []):
        check(d in c["services"], "%s: no service %s" % (name, d))
    check(DURATION.match(s.get("stop_grace_period", "1s")), "%s: stop_grace_period" % name)
    for p in s.get("ports", []):
        check(isinstance(p, str) and re.match(r"^([\d.]+:)?\d+:\d+$", p), "%s: port %s" % (name, p))
g, p = c["services"]["gateway"], c["services"]["proxy"]
# A second container could not have these.
check("ports" not in g and "container_name" not in g, "gateway cannot be scaled")
check(sorted(x.split(":")[-1] for x in p["ports"]) == ["8080", "8404"], "the ports are 8080 and 8404")
check(g["networks"] == p["networks"], "both on one network")
for e in errors:
    print(e)
sys.exit(1 if errors else 0)
PY

# ---- Dockerfile ----
while read -r file; do
	[ -e "$top/$file" ] || lab_fail "Dockerfile: COPY of $file, which is not there"
done < <(sed -n 's/^COPY \([^-. ][^ ]*\) .*/\1/p' "$docker/Dockerfile")
make -s -C "$top" -n deps DEPS_GROUPS=build >/dev/null || lab_fail "make deps DEPS_GROUPS=build"
make -s -C "$top" -n all tools >/dev/null || lab_fail "make all tools"
libraries=$(ldd "$BUILD/proxyd" "$BUILD/tests/lib/gateway" | awk '$2 == "=>" { print $3 }' | sort -u | while read -r lib; do
	dpkg -S "$lib" 2>/dev/null || dpkg -S "/usr$lib" || lab_fail "no package has $lib"
done | cut -d : -f 1 | sort -u)
for p in libc6 libc-ares2 libev4; do
	grep -qx "$p" <<<"$libraries" || lab_fail "the image would lack $p: $libraries"
done

# ---- haproxy.cfg ----
"$BUILD/proxyd" -c -f "$docker/haproxy.cfg" || lab_fail "haproxy.cfg is refused"
grace=$(sed -n '/^  proxy:/,/^  [a-z]/s/.*stop_grace_period: \([0-9]*\)s/\1/p' "$docker/compose.yaml")
hard=$(sed -n 's/.*hard-stop-after \([0-9]*\)s/\1/p' "$docker/haproxy.cfg")
[ "$grace" -gt "$hard" ] || lab_fail "Docker would kill after $grace s what may drain for $hard s"

# ---- a container by hand: its own processes, network and /run, a user without rights ----
lab_require socat setpriv
lab_begin a
mkdir -p "$LAB_DIR/a/run"
chown nobody "$LAB_DIR/a/run"
chmod 755 "$LAB_DIR" "$LAB_DIR/a"
cp "$BUILD/proxyd" "$docker/haproxy.cfg" "$LAB_DIR/a/"
spawn container a unshare --pid --fork --kill-child=TERM --mount-proc setpriv --reuid nobody --regid nogroup --clear-groups \
	--bounding-set=-all --no-new-privs "$LAB_DIR/a/proxyd" -db -f "$LAB_DIR/a/haproxy.cfg"
healthcheck=$(python3 -c 'import sys, yaml
print(yaml.safe_load(open(sys.argv[1]))["services"]["proxy"]["healthcheck"]["test"][1])' "$docker/compose.yaml")
healthy() {
	in_ns a sh -c "$healthcheck"
}
wait_until 5 healthy || lab_fail "the healthcheck fails"
in_ns a curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8404/stats | grep -q 200 || lab_fail "no page at :8404"
in_ns a curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/ | grep -q 503 || lab_fail "no server should be 503"
child=$(cat "/proc/${PID[container]}/task/${PID[container]}/children")
[ "$(sed -n 's/^NSpid:.*\t//p' "/proc/${child% }/status")" = 1 ] || lab_fail "it is not process 1"
kill -TERM "${child% }"
wait_until 5 test ! -d "/proc/${PID[container]}" || lab_fail "process 1 does not end after SIGTERM"
echo "compose, Dockerfile and haproxy.cfg fit together; process 1 runs and ends as told"
