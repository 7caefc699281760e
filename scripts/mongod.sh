#!/bin/sh
# A real mongod for `make mongod`, and where it is: fetched once, checked, and unpacked into the user's cache. Nothing is
# installed. It is MongoDB 3.6 (AGPL, for tests alone), the last version that a distribution packages: Ubuntu 20.04.
# UBUNTU_MIRROR=http://…/ubuntu fetches it from elsewhere.
set -eu

folder=${XDG_CACHE_HOME:-$HOME/.cache}/narrowboat/mongod-3.6.8
apt=/usr/lib/apt/apt-helper
known=/usr/share/debootstrap/scripts/focal

files() {
    cat <<'END'
d8e296fe30ba1a7466333bc11f7f7b69643195e0fffaad69d4dc0a7f84c9a512 universe/m/mongodb/mongodb-server-core_3.6.9+really3.6.8+90~g8e540c0b6d-0ubuntu5_amd64.deb
09ee28588a1fb5613ddc6c26a992d5a76931b3cf22c022930da413a5e580599e main/o/openssl/libssl1.1_1.1.1f-1ubuntu2_amd64.deb
6793184cc2b8df0da401fdbe78fbf57ac598438177a6af163f99f9f1c14f9eb8 main/b/boost1.71/libboost-filesystem1.71.0_1.71.0-6ubuntu6_amd64.deb
389095c7167251ee73667031a4c0f45083a31347cc95faddbdf5b7d22ac4c774 main/b/boost1.71/libboost-program-options1.71.0_1.71.0-6ubuntu6_amd64.deb
fbb0cd8d46d794445d1c7aac9fe151ef814dc4f6e28f26157793999457425304 main/g/google-perftools/libtcmalloc-minimal4_2.7-1ubuntu2_amd64.deb
be06998b03fac2ed2e5a74911ff9ea41b63630a94bfddac496f5422b3d51c12a main/g/google-perftools/libgoogle-perftools4_2.7-1ubuntu2_amd64.deb
9ff8e9c464792f5da9ad6a7b9b51e2eab4c10a31efb93462d8752095db45ca93 main/libu/libunwind/libunwind8_1.2.1-9build1_amd64.deb
6245a4417a5de8e7c7ba2befa675bf1747c51cdd500803fd117e973c13b3a88f main/p/pcre3/libpcrecpp0v5_8.39-12build1_amd64.deb
2e94c88431a1cfdc9f5be37a9063c617c2e85be4eeee194b3956b7a1d35040cd main/p/pcre3/libpcre3_8.39-12build1_amd64.deb
ca98a75e3eb1d446215bfa194148a7005453b9204dfb1ad625130ee4aecd5235 main/s/snowball/libstemmer0d_0+svn585-2_amd64.deb
fa32c293c9935750089d496d20da5edfa870fad741ab5822e43900ccb61483bb main/y/yaml-cpp/libyaml-cpp0.6_0.6.2-4ubuntu1_amd64.deb
45656990b8613e70263cd4bacc8dd2c081ca1913d86952e95c11ba70db36d0b2 main/s/snappy/libsnappy1v5_1.1.8-1build1_amd64.deb
END
}

refuse() {
    echo "There is no mongod to test with: $1" >&2
    exit 1
}

# The mirror that debootstrap would take. Any will do: each file is checked.
mirror() {
    [ -r "$known" ] && (ARCH=amd64 SUITE=focal; default_mirror() { echo "$1"; exit; }; . "$known")
}

fetch() {  # fetch MIRROR FOLDER
    files | while read -r sum path; do
        "$apt" -q download-file "$1/pool/$path" "$2/deb" "SHA256:$sum" >"$2/log" 2>&1 || { cat "$2/log" >&2; exit 1; }
        dpkg -x "$2/deb" "$2"
        rm "$2/deb"
    done
}

if [ ! -x "$folder/mongod" ]; then
    [ "$(uname -s) $(uname -m)" = "Linux x86_64" ] || refuse "it is packaged for Linux on x86_64 alone."
    [ -x "$apt" ] || refuse "apt fetches it, and is not installed."
    mirror=${UBUNTU_MIRROR:-$(mirror)} || refuse "nothing says where Ubuntu's packages are. Install debootstrap, or set UBUNTU_MIRROR."
    mkdir -p "${folder%/*}"
    new=$(mktemp -d "$folder.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    fetch "$mirror" "$new" || refuse "$mirror does not give it."
    cat >"$new/mongod" <<'END'
#!/bin/sh
here=$(dirname "$0")
LD_LIBRARY_PATH=$here/usr/lib/x86_64-linux-gnu:$here/lib/x86_64-linux-gnu exec "$here/usr/bin/${0##*/}" "$@"
END
    chmod +x "$new/mongod"
    ln -s mongod "$new/mongos"
    "$new/mongod" --version >"$new/log" 2>&1 || { cat "$new/log" >&2; refuse "it does not run here."; }
    chmod 755 "$new"
    rm -rf "$folder"
    mv "$new" "$folder"
    trap - EXIT
fi
echo "$folder/mongod"
