#!/bin/sh
# Creates a certificate for the vendor's host in the folder "certificate". It is its own authority.
set -e
mkdir -p certificate
openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=api.retellai.com \
  -addext subjectAltName=DNS:api.retellai.com,DNS:localhost,IP:127.0.0.1 \
  -addext keyUsage=critical,digitalSignature,keyCertSign \
  -keyout certificate/retell.key -out certificate/retell.pem
# The user in the emulator's container reads it, too.
chmod 644 certificate/retell.key
