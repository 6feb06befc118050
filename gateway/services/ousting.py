"""Ending all that was opened with an account, when it becomes another's to open (product 7.6, 7.7; T2, T9).

Who recovers an account, or sets its password or takes its second factor away for somebody else, does so
because nobody knows who else has been in it: a session and a token that such a one left would outlive the
cure. Who changes their own password has just shown the present one: their programs go on, other sessions end
(``services.own_account``).
"""

from gateway.records import AuditTag
from gateway.records.administrators import Administrator
from gateway.services.acts import Entry


def oust(entry: Entry, account: Administrator) -> None:
    """End the account's sessions and revoke its tokens, with a record for each token."""
    entry.transaction.sessions.end_all(account.id)
    for token in entry.transaction.api_tokens.of(account.id):
        if not token.revoked:
            entry.transaction.api_tokens.revoke(token.id)
            told = {"label": token.label, "administrator": account.id}
            entry.record(tag=AuditTag.TOKEN_REVOKED, target=token.id, before=told)
