#!/bin/sh
# deb.sh BUILD - build the Debian package of this tree into BUILD/deb; lintian judges it when it is installed.
set -eu
cd "$(dirname "$0")/.."
build=$1
version=$(sed -n 's/^tandem (\(.*\)) .*/\1/p' deploy/debian/changelog | head -n 1)
for tool in dpkg-buildpackage dh; do
	command -v "$tool" >/dev/null || { echo "deb: '$tool' is missing: apt-get install debhelper" >&2; exit 1; }
done
rm -rf "$build/deb"
mkdir -p "$build/deb/tandem-$version"
# What belongs to the project, without anything built.
tar -cf - --exclude='./build*' --exclude=./.git . | tar -xf - -C "$build/deb/tandem-$version"
cd "$build/deb/tandem-$version"
cp -R deploy/debian debian
dpkg-buildpackage -b -us -uc >../build.log 2>&1 || {
	tail -n 30 ../build.log >&2
	echo "deb: failed; all of it is in $build/deb/build.log" >&2
	exit 1
}
cd ..
rm -rf "tandem-$version"
if command -v lintian >/dev/null; then
	lintian --fail-on error,warning ./*.deb
else
	echo "lintian is not installed: the package was not judged"
fi
echo "built: $build/deb/$(ls tandem_*.deb)"
