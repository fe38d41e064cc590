### Notices by mail, plain text. Each notice: its value is the paragraph that says what happened.

mail-greeting = Dear { $person },
mail-generic-method = second proof

mail-second-factor-failed =
    { $times ->
        [one] Somebody entered your right password for the account "{ $username }", and the proof that followed ({ $method }) was not right. Nobody was let in.
       *[other] { $times } times within an hour, your right password for the account "{ $username }" was followed by a proof ({ $method }) that was not right. Below is one of them.
    }
    .subject = { $organisation }: your password was right, the second proof was not
mail-recovery-code-used =
    { $left ->
        [unknown] A recovery code of your account "{ $username }" was used.
        [0] A recovery code of your account "{ $username }" was used. None is left: make new ones on your account page.
        [one] A recovery code of your account "{ $username }" was used. One is left: make new ones on your account page.
       *[other] A recovery code of your account "{ $username }" was used. { $left } are left.
    }
    .subject = { $organisation }: a recovery code was used
mail-clock-suspected =
    Your password was right, and the code from your { $method } belonged to another moment. If you entered it yourself, the clock of the phone is probably off: switch on automatic time in its settings.
    .subject = { $organisation }: the clock of your phone may be off
mail-passkey-copied =
    A passkey of your account "{ $username }" was shown, and its counter had not grown since it was last used. There may be a copy of it, so nobody was let in with it. Remove it on your account page and register a new one.
    .subject = { $organisation }: there may be a copy of your passkey
mail-password-changed =
    The password of your account "{ $username }" was changed.
    .subject = { $organisation }: your password was changed
mail-factor-added =
    A new proof was registered for your account "{ $username }": { $method }.
    .subject = { $organisation }: a new proof was registered ({ $method })
mail-factor-removed =
    A proof was removed from your account "{ $username }": { $method }.
    .subject = { $organisation }: a proof was removed ({ $method })
mail-factor-resumed =
    A proof of your account "{ $username }" that had been suspended may be used again: { $method }.
    .subject = { $organisation }: a proof may be used again ({ $method })
mail-preferences-changed =
    It was chosen anew which proofs may be used for your account "{ $username }", and which is asked for first. What was left out can no longer be used to sign in; it stays registered.
    .subject = { $organisation }: which proofs may be used was changed
mail-loss-reported =
    Something was reported lost in the account page of "{ $username }". What was chosen there has ended at once: proofs, certificates or other sign-ins. The account page says which.
    .subject = { $organisation }: a loss was reported
mail-recovery-codes-made =
    New recovery codes were made for your account "{ $username }". From now on only these count.
    .subject = { $organisation }: new recovery codes were made
mail-certificate-issued =
    A client certificate was issued for your account "{ $username }". Whoever has its file and PIN is taken for you by the campus Wi-Fi and by services that ask for certificates. If that is not you, the link below revokes it.
    .subject = { $organisation }: a client certificate was issued
mail-certificate-revoked =
    A client certificate of your account "{ $username }" was revoked. It can no longer be used anywhere, and that cannot be undone.
    .subject = { $organisation }: a client certificate was revoked

mail-when = When: { $at }
mail-where = Where: { $place }
mail-by-desk = By: the help desk
mail-service = Signing in to: { $service }
mail-inside-with-password = It was registered on the campus network with the password alone, because it is the first one of this account.
mail-was-me = If this was you, there is nothing to do.
mail-was-not-me =
    If this was not you, open this page and press the button there:
    { $url }
    Opening the page alone changes nothing.
mail-was-not-asked-for =
    If you did not ask for this, open this page and press the button there:
    { $url }
    Opening the page alone changes nothing.
mail-desk = Questions: { $desk }
mail-signature =
    { $organisation }
    { $portal }

## A code for signing in, or for an address

mail-code-sign-in =
    Somebody, we hope you, is signing in to { $service } with the account "{ $username }" and asked for this code:
    .subject = { $organisation }: your code for signing in (mail { $number })
    .not-me = If you are not signing in at this moment, somebody else has entered your password. Do not pass the code on, and change your password: { $portal }
mail-code-registration =
    Somebody, we hope you, wants to have codes for signing in sent to this address. Enter this code to show that the mailbox is yours:
    .subject = { $organisation }: the code for your address (mail { $number })
    .not-me = If you did not ask for this, your address was probably mistyped. There is nothing to do: without the code nothing happens.
mail-code-good =
    It is good once, until { $until }, in the browser that asked for it. This is mail { $number }; only the newest one counts.
mail-code-nobody-asks =
    Enter it at { $issuer } and nowhere else. Nobody asks you for it, neither by telephone nor by mail. Answers to this mail are not read.
mail-replaces-address = It takes the place of the address that was registered before; codes are no longer sent to that one.
