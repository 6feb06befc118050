"""The text of nginx's files, as they are rendered (product 9.2): data, no logic.

``@NAME@`` stands for a value; everything else goes out as it is. ``nginx/`` in the repository is what this
gives for an example, and a test keeps the two equal.
"""

from collections.abc import Mapping
from types import MappingProxyType

ACTIVESYNC = r"/Microsoft-Server-ActiveSync(/|/default\.eas)?"
DISCOVERY = (
    r"/autodiscover/autodiscover\.(xml|svc|json)",
    r"/autodiscover/autodiscover\.json/v1\.0/([A-Za-z0-9@!&'*+=^_`|~.-]|%40)+",
    r"/(mail|v1\.1/mail|\.well-known/autoconfig/mail)/config-v1\.1\.xml",
    r"/\.well-known/(user-agent-configuration\.json|(caldav|carddav)/?)",
    r"/((email\.|apple\.)?mobileconfig|mobileconfig/[0-9a-f]{64})",
    r"/self(/[A-Za-z0-9._/-]*)?",
)
"""The paths of discovery and of the self-service page, as regular expressions; the gateway's own list is
``endpoints.routing``'s."""

GATEWAY = r"""# Usher behind nginx: TLS, the redirect of port 80 and ActiveSync with long polls.
#
# Made by 'usher nginx render', which puts in the names and certificates of the configured domains. Goes
# into http{}: /etc/nginx/conf.d/usher.conf, with snippets/ in /etc/nginx/snippets/usher/. README.md tells
# the rest, such as what must stand outside http{}.

upstream usher {
    # [listen] plain in Usher's configuration.
    server @UPSTREAM@;
    keepalive 64;
    # Shorter than Usher's limits.keep_alive_s (75): nginx closes first, so no POST is sent into a closing
    # connection.
    keepalive_timeout 60s;
}

# Room for all the names below.
server_names_hash_max_size @HASH_SIZE@;
server_names_hash_bucket_size @HASH_BUCKET@;

# The request line as it came, not as nginx understood it: only a path that is written out plainly has a way
# in. Whatever is escaped, dotted, doubled or followed by a path parameter has none.
map $request_uri $usher_way {
    default "";
@WAYS@
}

# Without the query: in the base64 form it carries the policy key, and in the plain form names people and
# devices. Nor a path that names a person or is a link that works once.
map $uri $usher_logged {
    default $uri;
    "~*^/mobileconfig/" /mobileconfig/-;
    "~*^/self/" /self/-;
    "~*^/autodiscover/autodiscover\.json/" /autodiscover/autodiscover.json/-;
}
log_format usher '$remote_addr [$time_iso8601] "$request_method $usher_logged" $status $body_bytes_sent '
                 '$request_time "$http_user_agent"';

# Port 80: to https, to proofs for certificate authorities, and nowhere else.
server {
    listen 80;
    listen [::]:80;
    server_name@NAMES@;
    access_log /var/log/nginx/usher.log usher;
    include snippets/usher/redirect.conf;
}
@SITES@
# Any other name gets no certificate and no answer.
server {
    listen 443 ssl default_server;
    listen [::]:443 ssl default_server;
    ssl_reject_handshake on;
    access_log off;
    return 421;
}
"""

SITE = r"""
# Port 443: the names that this certificate has.
server {
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name@NAMES@;
    ssl_certificate @CERTIFICATE@;
    ssl_certificate_key @KEY@;
    access_log /var/log/nginx/usher.log usher;
    include snippets/usher/tls.conf;
    include snippets/usher/activesync.conf;
    include snippets/usher/discovery.conf;
    location / {
        return 404;
    }
}
"""

ACTIVESYNC_SNIPPET = r"""# In every server{} of port 443: Microsoft-Server-ActiveSync. nginx's defaults that
# matter here are written down: a header named with an underscore is dropped, slashes stay.
underscores_in_headers off;
ignore_invalid_headers on;
merge_slashes off;
client_header_timeout 10s;
client_body_timeout 30s;
send_timeout 120s;
keepalive_timeout 120s;
client_header_buffer_size 4k;
large_client_header_buffers 4 16k;
# As Usher's limits.max_body_bytes.
client_max_body_size 50m;

location ~* "^/Microsoft-Server-ActiveSync(/|/default\.eas)?$" {
    if ($usher_way != activesync) {
        return 404;
    }
    include snippets/usher/proxy.conf;
}
"""

DISCOVERY_SNIPPET = r"""# In the server{} of every AutoDiscover host, and of a company's web site whose mail
# domain is the bare domain.
location ~* "^(@PATHS@)$" {
    if ($usher_way != discovery) {
        return 404;
    }
    client_max_body_size 32k;
    client_body_timeout 30s;
    include snippets/usher/proxy.conf;
}
"""

REDIRECT_SNIPPET = r"""# In a server{} of port 80. Clients that found no https address ask here without
# credentials, most with GET, some with POST, and want to be told 302. The target is a name of this file,
# never the one that the request names.
location ~* "^/autodiscover/autodiscover\.(xml|svc|json)$" {
    if ($usher_way != discovery) {
        return 404;
    }
    return 302 https://$server_name$uri;
}
# Proofs of ACME (HTTP-01), put there by 'certbot --webroot -w /var/lib/usher/acme' and its like.
location ^~ /.well-known/acme-challenge/ {
    root /var/lib/usher/acme;
    default_type text/plain;
    try_files $uri =404;
}
# Passwords must not come over plain HTTP, so ActiveSync is not redirected but refused.
location ~* ^/microsoft-server-activesync {
    return 403;
}
# 404 and not 403: to a client that looks for its settings here, 403 says that a password is wanted.
location / {
    return 404;
}
"""

TLS_SNIPPET = r"""# In a server{} that ends TLS. 'usher certs check' tells what is wrong with what is served.
ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
ssl_prefer_server_ciphers off;
ssl_session_cache shared:usher:10m;
ssl_session_timeout 1d;
ssl_session_tickets off;
server_tokens off;
# No http2 here: a phone has one or two requests under way, and every translation between versions is a
# place to smuggle in.
"""

STEERING = (
    *("Forwarded", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server"),
    *("X-Forwarded-User", "X-Forwarded-Client-Cert", "X-Original-URL", "X-Original-Host", "X-Rewrite-URL"),
    *("X-Host", "X-Real-IP", "X-Client-IP", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"),
    *("X-Remote-User", "Remote-User", "X-Usher-Proof", "Proxy", "Via", "TE", "Trailer", "Upgrade"),
)
"""Headers with which a client might steer what is behind."""

PROXY_SNIPPET = r"""# In every location{} that leads to Usher. Complete in itself, because a single
# proxy_set_header beside it would drop all that are inherited.
proxy_pass http://usher;
proxy_http_version 1.1;

# A long poll hangs for up to an hour (3,540 s and the slack); everything else is answered or refused much
# sooner.
proxy_connect_timeout 5s;
proxy_send_timeout 120s;
proxy_read_timeout 3700s;
# Bytes pass as they come, both ways; nothing is written to disk.
proxy_buffering off;
proxy_request_buffering off;
proxy_max_temp_file_size 0;
# A POST is never sent twice: SendMail would send the mail twice.
proxy_next_upstream off;
# No answer of a mail server steers this nginx.
proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset
                     Expires Cache-Control Set-Cookie Vary;

proxy_set_header Connection "";
proxy_set_header Host $host;
# The client's address as nginx sees it, in place of whatever the client claims. Usher believes it only from
# trusted_proxies, or from the unix socket.
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto https;
# Headers with which a client might steer what is behind: they end here.
@STEERING@
"""

SNIPPETS: Mapping[str, str] = MappingProxyType(
    {
        "activesync.conf": ACTIVESYNC_SNIPPET,
        "discovery.conf": DISCOVERY_SNIPPET,
        "proxy.conf": PROXY_SNIPPET,
        "redirect.conf": REDIRECT_SNIPPET,
        "tls.conf": TLS_SNIPPET,
    }
)

FOREIGN = r"""# AutoDiscover of @DOMAIN@, whose mail lives elsewhere, under its own names and with its own
# certificate.
#
# Made by 'usher nginx render --reverse-proxy-only'. A provider's host that has no certificate for
# autodiscover.@DOMAIN@ only helps clients that fall back to port 80; stock Android does not. So this nginx
# answers phase 1 and 2 with a certificate that fits, and hands the requests to the provider. Goes into
# http{}; no Usher runs.
map $request_uri $usher_foreign_@ID@ {
    default "";
    "~*^/autodiscover/autodiscover\.(xml|svc|json)(\?|$)" discovery;
}
log_format usher_foreign_@ID@ '$remote_addr [$time_iso8601] "$request_method $uri" $status $body_bytes_sent '
                 '$request_time "$http_user_agent"';

server {
    listen 80;
    listen [::]:80;
    server_name autodiscover.@DOMAIN@;
    access_log /var/log/nginx/usher.log usher_foreign_@ID@;
    location ~* "^/autodiscover/autodiscover\.(xml|svc|json)$" {
        return 302 https://$server_name$uri;
    }
    location ^~ /.well-known/acme-challenge/ {
        root /var/lib/usher/acme;
        default_type text/plain;
        try_files $uri =404;
    }
    location / {
        return 404;
    }
}

server {
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name autodiscover.@DOMAIN@;
    ssl_certificate @CERTIFICATE@;
    ssl_certificate_key @KEY@;
    access_log /var/log/nginx/usher.log usher_foreign_@ID@;
    include snippets/usher/tls.conf;
    include snippets/usher/foreign-@DOMAIN@.conf;
    location / {
        return 404;
    }
}
"""

FOREIGN_SNIPPET = r"""# In the server{} of autodiscover.@DOMAIN@, and of the web site of @DOMAIN@: Outlook
# asks there first.
location ~* "^/autodiscover/autodiscover\.(xml|svc|json)$" {
    if ($usher_foreign_@ID@ != discovery) {
        return 404;
    }
    client_max_body_size 32k;
@PASS@
    proxy_http_version 1.1;
    proxy_ssl_server_name on;
    proxy_ssl_name @HOST@;
    proxy_ssl_verify on;
    proxy_ssl_verify_depth 5;
    proxy_ssl_trusted_certificate @ROOTS@;
    proxy_ssl_protocols TLSv1.2 TLSv1.3;
    proxy_connect_timeout 10s;
    proxy_read_timeout 60s;
    proxy_buffering off;
    proxy_request_buffering off;
    proxy_max_temp_file_size 0;
    # A POST is never sent twice, and a redirect of the provider reaches the client as it is.
    proxy_next_upstream off;
    proxy_redirect off;
    proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering
                         X-Accel-Charset;
    proxy_set_header Connection "";
    proxy_set_header Host @AUTHORITY@;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto https;
@STEERING@
}
"""
