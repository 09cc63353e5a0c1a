# The image's health check: answers whether the process inside lives and its event loop turns. Bash alone: no second
# Node.js, no curl. Without TLS it asks /healthz. With TLS it sends the first message of a handshake and looks for the
# server's answer, which comes from the same loop.
port=${PORT:-1880} host=${HOST:-127.0.0.1}
case $host in 0.0.0.0 | ::) host=127.0.0.1 ;; esac
tls=${REDSTART_TLS:-self-signed}
[ -z "${REDSTART_TLS:-}" ] && case $host in localhost) tls=off ;; 127.*) [ "${HOST:-127.0.0.1}" = "$host" ] && tls=off ;; esac

exec 3<>"/dev/tcp/$host/$port" || exit 1
if [ "$tls" = off ]; then
  printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
  read -r -t 4 _ status _ <&3 || exit 1
  [ "$status" = 200 ]
else
  # ClientHello of TLS 1.2: ECDHE with AES-128-GCM (ECDSA, RSA); groups P-256, P-384, x25519; usual signatures.
  suites='\x00\x04\xc0\x2b\xc0\x2f'
  extensions='\x00\x0a\x00\x08\x00\x06\x00\x17\x00\x18\x00\x1d\x00\x0b\x00\x02\x01\x00\x00\x0d\x00\x0c\x00\x0a\x04\x03\x05\x03\x08\x04\x04\x01\x05\x01'
  body="\\x03\\x03redstart-health-check-32-bytes--\\x00$suites\\x01\\x00\\x00\\x22$extensions"
  printf "\\x16\\x03\\x01\\x00\\x53\\x01\\x00\\x00\\x4f$body" >&3
  # Handshake (0x16), or an alert (0x15) when it wants another TLS than this: both are an answer.
  LC_ALL=C read -r -t 4 -N 1 first <&3 || exit 1
  [ "$first" = $'\x16' ] || [ "$first" = $'\x15' ]
fi
