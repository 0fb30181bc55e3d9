#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Installs the files of this archive beside the system's kmod, or removes them again.
set -eu

usage() {
	cat <<-END
		usage: ./install.sh [--prefix DIR] [--destdir DIR] [--uninstall]

		  --prefix DIR   where programs, pages and the header go [default: /usr/local]
		  --destdir DIR  put this before every path, to make a package
		  --uninstall    remove what this archive installs
	END
}

prefix=/usr/local destdir='' action=install
while [ $# -gt 0 ]; do
	case $1 in
	--prefix | --destdir)
		[ $# -ge 2 ] || { echo "install.sh: $1 needs a directory" >&2; exit 2; }
		if [ "$1" = --prefix ]; then prefix=$2; else destdir=$2; fi
		shift
		;;
	--prefix=*) prefix=${1#*=} ;;
	--destdir=*) destdir=${1#*=} ;;
	--uninstall) action=uninstall ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
case $prefix in
/*) prefix=${prefix%/} ;;
*) echo "install.sh: --prefix must be an absolute path" >&2; exit 2 ;;
esac

case $destdir in
'' | /*) ;;
*) destdir=$PWD/$destdir ;;
esac

cd "$(dirname "$0")"
root=$destdir$prefix
config=$destdir/etc/modpersist.conf

files() {
	find sbin share include lib -type f | sort
}

# kmod's commands are links to kmod. They are never overwritten or removed.
for tool in insmod rmmod; do
	if [ -L "$root/sbin/$tool" ] || { [ -e "$root/sbin/$tool" ] && ! grep -q modpersist "$root/sbin/$tool"; }; then
		echo "install.sh: $root/sbin/$tool is not modpersist's; use another --prefix, or the Debian package" >&2
		exit 1
	fi
done

case $action in
install)
	files | while IFS= read -r file; do
		mode=644
		[ ! -x "$file" ] || mode=755
		mkdir -p "$root/${file%/*}"
		# Replaces the file even if the program is running.
		rm -f "$root/$file"
		install -m "$mode" "$file" "$root/$file"
	done
	if [ ! -e "$config" ]; then
		mkdir -p "${config%/*}"
		install -m 644 etc/modpersist.conf "$config"
	fi
	echo "installed below $root; $prefix/sbin has to come before kmod's directory in PATH"
	;;
uninstall)
	files | while IFS= read -r file; do
		rm -f "$root/$file"
	done
	# Other directories may have files of others, or belong to the system.
	rmdir "$root/include/modpersist" 2>/dev/null || true
	if cmp -s etc/modpersist.conf "$config"; then
		rm -f "$config"
	elif [ -e "$config" ]; then
		echo "install.sh: $config was changed and stays" >&2
	fi
	;;
esac
