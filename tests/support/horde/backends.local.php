<?php // The laboratory's Dovecot and mail sink.
$servers['imap'] = array('disabled' => false, 'name' => 'Lab', 'hostspec' => '127.0.0.1', 'hordeauth' => true, 'protocol' => 'imap', 'port' => @{imap}, 'secure' => false, 'maildomain' => '@{domain}', 'smtp' => array('host' => '127.0.0.1', 'port' => @{smtp}, 'auth' => false, 'secure' => false, 'horde_auth' => false), 'cache' => false,
  'special_mboxes' => array(IMP_Mailbox::MBOX_DRAFTS => 'Drafts', IMP_Mailbox::MBOX_SENT => 'Sent', IMP_Mailbox::MBOX_SPAM => 'Junk', IMP_Mailbox::MBOX_TRASH => 'Trash'));
