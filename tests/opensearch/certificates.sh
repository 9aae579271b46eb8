#!/usr/bin/env bash
# Writes the certificates of a test node into a folder: everything is signed by a CA of its own, made anew each time.
#
# usage: certificates.sh FOLDER
#
#   ca.pem                    the CA a client has to trust
#   n1.pem, n1-key.pem        the node, for `localhost` and 127.0.0.1
#   admin.pem, admin-key.pem  a client the Security plugin takes for its administrator
#   other-ca.pem              a CA that signed nothing: a client that trusts it must refuse the node
#
# Keys are PKCS#8. The keys of the CAs are thrown away.
set -euo pipefail

folder=${1:?usage: certificates.sh FOLDER}
readonly days=3650
mkdir -p "$folder"
cd "$folder"
# Runs a command and shows what it said only when it failed.
quietly() {
    local message
    message=$("$@" 2>&1) || {
        printf '%s\n' "$message" >&2
        return 1
    }
}

make_key() {
    quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

# make_ca NAME
make_ca() {
    make_key "$1-key.pem"
    quietly openssl req -x509 -new -key "$1-key.pem" -days "$days" -subj "/O=vigie/CN=$1" -out "$1.pem" \
        -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign'
}

# sign NAME EXTENSION...: a key and a certificate that serves as server and as client.
sign() {
    local name=$1
    shift
    make_key "$name-key.pem"
    quietly openssl req -new -key "$name-key.pem" -subj "/O=vigie/CN=$name" -out "$name.csr"
    printf '%s\n' 'basicConstraints=CA:FALSE' 'keyUsage=digitalSignature' 'extendedKeyUsage=serverAuth,clientAuth' "$@" >extensions
    quietly openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days "$days" -sha256 \
        -extfile extensions -out "$name.pem"
}

make_ca ca
make_ca other-ca
sign n1 'subjectAltName=DNS:localhost,IP:127.0.0.1'
sign admin
rm -f ./*.csr ./*.srl extensions ca-key.pem other-ca-key.pem
