### One message for each reason of the engine: its value is the text, `.title` the heading.
### Arguments: $service, $place, $desk, $wait, $until, $drift, $direction, $moment, $method (of the code sent), $side (inside or outside); a missing moment is "none".

## Nothing is wrong

reason-ok-admitted = Everything that was asked for has been shown.
    .title = You are signed in
reason-ok-session = You were signed in already, and that was enough.
    .title = You are signed in
reason-ask-username = Your user name comes first.
    .title = Sign in
reason-ask-password = Your password comes next.
    .title = Enter your password
reason-ask-second-factor = Your password is right. For this sign-in one more proof is needed.
    .title = One more proof
reason-ask-new-password = Your new password counts from now on, and earlier sign-ins have ended. If you have not registered an authenticator app yet, keep the ticket: outside the campus network it is asked for once more.
    .title = Sign in with your new password
reason-ask-step-up = You are signed in. Here and now, one more proof is needed.
    .title = One more proof
reason-ask-fresh = You are signed in. Before this step, show once more that it is you.
    .title = Is it still you?
reason-ask-mail-code = Your password is right. A code is on its way to your address; it is good for five minutes.
    .title = Enter the code from the mail
reason-ask-checking = What you entered is being checked.
    .title = Checking

## What was typed

reason-input-empty = Nothing was entered, and nothing was counted. Fill in the field, then continue.
    .title = The field is empty
reason-input-password-too-long = This is longer than any password that can be set here. Something else may have been pasted into the field. It was not counted as a try.
    .title = The text in the password field is too long
reason-cred-mismatch = We could not sign you in with this user name and password. Check both; the user name is not your mail address.
    .title = User name and password do not fit together

## Waiting

reason-throttle-wait = { $wait ->
        [none] Too many attempts with this user name. You can try again shortly; until then nothing you enter is checked.
       *[other] Too many attempts with this user name. You can try again in { $wait }; until then nothing you enter is checked.
    }
    .title = A short wait
reason-throttle-busy = Another attempt with this user name is being checked at this moment. Yours was not counted. Enter it once more.
    .title = Another attempt is being checked
reason-throttle-closed = There were a hundred attempts in a row with this user name, so this way is closed for today. A browser that you have signed in with before still works. Otherwise { $desk } can open it again.
    .title = This way is closed for today
reason-throttle-source = { $wait ->
        [none] Too many attempts from your network, perhaps by others who share it. You can try again shortly; until then nothing you enter is checked.
       *[other] Too many attempts from your network, perhaps by others who share it. You can try again in { $wait }; until then nothing you enter is checked.
    }
    .title = A short wait for this network
reason-throttle-alert = { $wait ->
        [none] Somebody is trying passwords on many user names, so sign-ins from new browsers outside our networks take turns at the moment. What you entered was not checked. Enter it again shortly, or use a browser that you have signed in with before.
       *[other] Somebody is trying passwords on many user names, so sign-ins from new browsers outside our networks take turns at the moment. What you entered was not checked. Enter it again in { $wait }, or use a browser that you have signed in with before.
    }
    .title = Sign-ins take turns at the moment
reason-svc-busy = { $wait ->
        [none] Very many people are signing in at this moment. What you entered was not checked and not counted. Enter it again in a few seconds.
       *[other] Very many people are signing in at this moment. What you entered was not checked and not counted. Enter it again in { $wait }.
    }
    .title = Very many people are signing in

## The account; said to somebody who has shown its password

reason-acct-disabled = Your password is right. The account itself has been switched off, so it cannot be used. { $Desk } can tell you why.
    .title = This account is switched off
reason-acct-not-yet = { $moment ->
        [none] Your password is right. The account cannot be used yet. { $Desk } can tell you from when.
       *[other] Your password is right. The account can be used from { $moment } on.
    }
    .title = This account is not open yet
reason-acct-ended = { $moment ->
        [none] Your password is right. The time of this account has ended. If you have a newer account, use that one; otherwise { $desk } can help.
       *[other] Your password is right. The account could be used until { $moment }. If you have a newer account, use that one; otherwise { $desk } can help.
    }
    .title = The time of this account has ended
reason-acct-held = The account is held for its owner's safety, because somebody else may know the password. It is released in person at { $desk }.
    .title = This account is held
reason-acct-held-passkey = The account is held for its owner's safety, and its passkey was shown. It is released in person at { $desk }.
    .title = This account is held

## One more proof

reason-mfa-none-registered = { $side ->
        [inside] Your password is right. One more proof is needed here, on the campus network as well, and none is registered for you yet.
       *[outside] Your password is right. You are outside the campus network, where one more proof is needed, and none is registered for you yet.
    }
    .title = { $side ->
        [inside] No second proof is registered yet
       *[outside] Nothing is registered for use outside yet
    }
reason-mfa-none-left = Your password is right. One more proof is needed here, and those that you had registered have been removed or used up. { $Desk } can give you a ticket to register again.
    .title = No proof is left on your account
reason-mfa-unfinished = Your password is right. You began to register an authenticator app, but its first code was never entered, so it does not count yet.
    .title = Your authenticator app is not fully registered
reason-mfa-suspended = Your password is right. Your second proof was suspended after somebody reported that it was not theirs. { $Desk } can sort this out with you.
    .title = Your second proof is suspended
reason-mfa-switched-off = Your password is right. The proofs that would help here are switched off in your account page, as its owner chose, and no other one is left. { $Desk } can switch them on again.
    .title = Your second proof is switched off
reason-mfa-not-allowed = Your password is right, and you have a second proof. For { $service } it is not accepted from where you are. { $Desk } knows which one is.
    .title = Your second proof is not accepted here
reason-mfa-unusable = Your password is right. The way that you chose cannot be used at the moment; another one can.
    .title = That way cannot be used now
reason-mfa-level-not-reachable = What you showed is right. { $Service } asks for a stronger proof than any that is registered for you. { $Desk } can help you to register one.
    .title = { $Service } asks for a stronger proof
reason-mfa-code-malformed = { $method ->
        [mail_code] Your password is right. What you entered does not have the shape of the code in the mail: eight digits. Spaces and hyphens do not matter; letters and missing digits do.
        [recovery_code] Your password is right. What you entered does not have the shape of a recovery code: sixteen letters and digits, in groups of four. Spaces and hyphens do not matter; missing characters do.
       *[other] Your password is right. What you entered does not have the shape of a code. Spaces and hyphens do not matter; letters and missing digits do.
    }
    .title = { $method ->
        [recovery_code] This does not look like a recovery code
       *[other] This does not look like a code
    }
reason-mfa-code-wrong = { $method ->
        [mail_code] Your password is right; the code is not. Compare it with the newest mail, digit by digit.
        [recovery_code] Your password is right; the recovery code is not. Compare it with your list, character by character. Only the list that you made last counts.
       *[other] Your password is right; the code is not. Look at the entry for this organisation and enter the code that is shown now.
    }
    .title = { $method ->
        [recovery_code] The recovery code does not fit
       *[other] The code does not fit
    }
reason-mfa-code-reused = { $method ->
        [mail_code] That code was right, and it has been used already. Each code counts once: have another one sent.
        [recovery_code] That was one of your recovery codes, and it has been used already. Each one counts once: enter another from the list.
       *[other] That code was right, and it has been used already. Each code counts once: wait for the next one, then enter it.
    }
    .title = { $method ->
        [recovery_code] This recovery code has been used already
       *[other] This code has been used already
    }
reason-mfa-clock-drift = { $direction ->
        [behind] That code was right { $drift } ago: the clock of your phone is behind. Switch on automatic time, then enter the next code.
        [ahead] That code will be right in { $drift }: the clock of your phone is ahead. Switch on automatic time, then enter the next code.
       *[none] That code belongs to another moment: the clock of your phone is off. Switch on automatic time, then enter the next code.
    }
    .title = The clock of your phone is off
reason-mfa-clock-suspected = The code belonged to another moment. If this happens again, the clock of the phone is off: switch on automatic time.
    .title = The clock of the phone may be off
reason-mfa-recovery-spent = That was one of your recovery codes, and it has been used already. Each one counts once: enter another from the list.
    .title = This recovery code has been used already
reason-mfa-code-raced = { $method ->
        [mail_code] That code was right, but it was used a moment ago in another window. Have another one sent.
        [recovery_code] That recovery code was right, but it was used a moment ago in another window. Enter another from the list.
       *[other] That code was right, but it was used a moment ago in another window. Enter the next one.
    }
    .title = { $method ->
        [recovery_code] The recovery code was used in another window
       *[other] The code was used in another window
    }

## Codes by mail

reason-mail-code-expired = That code was right, and it came too late: it is good for five minutes. Have a new one sent, then enter that one.
    .title = This code is too old
reason-mail-code-superseded = That code belongs to an earlier mail. A newer one was sent since, and only the newest counts.
    .title = A newer code was sent
reason-mail-code-not-sent = No code was sent in this sign-in yet. Have one sent, then enter it.
    .title = No code was sent yet
reason-mail-wait = { $wait ->
        [none] A code was sent a short while ago. Look for the newest mail, in the spam folder too; after a while another one can be sent.
       *[other] A code was sent a short while ago. Look for the newest mail, in the spam folder too; in { $wait } another one can be sent.
    }
    .title = A code was sent already

## Passkeys

reason-passkey-unknown = Your device showed a passkey that is no longer registered here. Sign in another way; then you can remove that passkey from your device and add a new one on your account page.
    .title = This passkey is not registered here
reason-passkey-refused = The passkey's answer does not belong to this page. The page may have been open too long, or it was opened at another address. Nothing was counted: try once more, or sign in another way.
    .title = The passkey could not be checked
reason-passkey-unverified = The passkey did not check who is holding it, by PIN, finger or face. Without a password before it, that is needed. Switch that check on for the passkey, or sign in with your password.
    .title = The passkey did not check who is holding it
reason-passkey-switched-off = The passkey is in order, but its owner has chosen in the account page that passkeys do not count. Sign in with the password and another proof; there, passkeys can be switched on again.
    .title = Passkeys are switched off for this account
reason-passkey-spent = This answer of the passkey has been used already. Each one counts once: use the passkey again.
    .title = The passkey's answer was used already
reason-passkey-copied = The passkey's counter did not grow since it was last used, so there may be a copy of it. It was not taken. { $Desk } can end it and help to register another.
    .title = There may be a copy of this passkey

## Certificates

reason-cert-stale = Your password is right. The page on which a certificate is chosen was open too long, or its answer came a second time. Nothing is wrong with your certificate: try once more.
    .title = That took too long
reason-cert-not-presented = Your password is right; your browser showed no certificate. Perhaps you chose not to, or the certificate is in another browser or device, or its key is missing. Try again and choose one, or use another way.
    .title = No certificate was shown
reason-cert-malformed = Your password is right. What your browser showed cannot be read as the certificate of a person. Choose another one, or use another way.
    .title = This certificate cannot be read
reason-cert-unknown-issuer = Your password is right. The certificate that your browser showed was issued by somebody else, and does not count here. Try again and choose the one that you received for signing in here.
    .title = A certificate of another issuer
reason-cert-withdrawn-issuer = Your password is right. Certificates of this issuer are no longer taken here, yours included. Use another way; on your account page you can get a certificate of a present issuer.
    .title = Certificates of this issuer are no longer taken
reason-cert-wrong-purpose = Your password is right. The certificate that your browser showed is not made for signing in; it may be one for mail. Try again and choose another one.
    .title = This certificate is for something else
reason-cert-not-yet-valid = Your password is right. The certificate that your browser showed begins at a later moment. Use another way until then; if it should have begun, look at your device's clock.
    .title = This certificate has not begun
reason-cert-expired = Your password is right. The certificate that your browser showed has expired. Use another way; on your account page you can get a new one.
    .title = This certificate has expired
reason-cert-revoked = Your password is right. The certificate that your browser showed was revoked, and stays so. Try again and choose another one, or use another way; on your account page you can get a new one.
    .title = This certificate was revoked
reason-cert-revocation-unknown = Your password is right. At this moment nobody can tell whether your certificate was revoked, because its issuer's list cannot be had. Nothing is wrong on your side: use another way, and try the certificate again later.
    .title = Your certificate cannot be checked at the moment
reason-cert-status-unanswered = Your password is right. Whether your certificate was revoked is asked of its issuer, and at this moment the issuer gives no answer. Nothing is wrong on your side: use another way, and try the certificate again later.
    .title = The issuer of your certificate gives no answer
reason-cert-unknown-to-issuer = Your password is right. The issuer of the certificate that your browser showed says that it knows no such certificate, so it does not count. Try again and choose another one, or use another way; whoever gave you the certificate can look into it.
    .title = Its issuer does not know this certificate
reason-cert-no-identity = Your password is right. The certificate that your browser showed does not name your account, or no longer does: perhaps it carries an address that has changed since. Try again and choose another one, or use another way; { $desk } can look into it.
    .title = This certificate names no account
reason-cert-other-person = Your password is right. The certificate that your browser showed belongs to another account. Try again and choose yours.
    .title = This is somebody else's certificate
reason-cert-former-account = Your password is right. The certificate that your browser showed belongs to an account that is no more. Use another way; on your account page you can get a certificate for this one.
    .title = The certificate of a former account
reason-cert-not-registered = Your password is right. The certificate that your browser showed does not count for your account, or no longer does. Use another way; on your account page you see which certificates you have.
    .title = This certificate does not count here

## Who and where

reason-authz-not-entitled = You are signed in; your password and proofs are fine. { $Service } is open to certain groups only, and your account is in none of them.
    .title = { $Service } is not open to your account
reason-net-not-from-here = Your password is right. From where you are ({ $place }) nobody is let in to { $service }. It may work from another network.
    .title = { $Service } cannot be reached from here
reason-sso-other-person = You are signed in, but { $service } expects somebody else. Choose who goes on.
    .title = Another person is expected
reason-sso-login-required = The service asked silently whether you are signed in. You are not.
    .title = You are not signed in
reason-sso-interaction-required = The service asked silently, and there is a step that only you can take.
    .title = A step of yours is needed
reason-sso-session-ended = Your earlier sign-in has ended. Nothing is wrong; sign in once more to go on.
    .title = Your sign-in has ended

## Requests

reason-req-expired = This page was open for more than ten minutes, so it can no longer be used. Your password was not refused. Start again; it takes you to the same place.
    .title = This page was open too long
reason-req-overtaken = The password or a proof of this account was changed while you were signing in. Start again with what holds now.
    .title = Something was changed meanwhile
reason-req-stale = This link was for one sign-in to { $service }, and that one is over. It may come from a bookmark, the history or a tab that was restored. Nothing is wrong with your account.
    .title = This page belongs to an earlier sign-in
reason-req-cookies-blocked = Your browser did not keep our cookie, and without it the next page cannot know that it is still you. Allow cookies for this site, then go on. Private windows and blocking extensions are the usual cause.
    .title = Your browser is not keeping cookies
reason-req-cross-site = The form did not come from our own page, so nothing was checked and nothing was changed. Start again from here.
    .title = The form came from another site
reason-req-unknown-service = The service that sent you here is not registered with us, so we cannot sign you in there. It is not your password. Whoever runs the service can register it.
    .title = This service is not registered here
reason-req-service-disabled = { $Service } has been switched off here, so nobody can sign in to it now. It is not your password.
    .title = { $Service } is switched off
reason-req-redirect-mismatch = { $Service } asked us to send you to an address that is not registered for it, so we stopped, to be safe. You did nothing wrong; whoever runs the service has to correct it.
    .title = The return address does not fit
reason-req-invalid = { $Service } sent a request that we cannot understand. You did nothing wrong; whoever runs the service has to correct it.
    .title = The service's request cannot be understood
reason-req-loop = You are signed in, and { $service } has asked for it many times within a minute. We stopped the circle. The trouble is in { $service }, or its cookies are blocked in your browser.
    .title = { $Service } asks again and again
reason-req-no-such-page = There is no page at this address. The link may be old or cut off.
    .title = This page does not exist
reason-req-wrong-method = This address only takes what a page of ours sends to it, so it cannot be opened by itself: by a bookmark, the history or a link. Nothing was changed.
    .title = This address cannot be opened by itself
reason-svc-fault = Something of ours is broken, so we could not finish this step. It is not your password, and your account is unchanged. We have kept a record of it.
    .title = Something of ours is broken

## Registering and changing

reason-enrol-not-here = Your password is right. The first proof can be registered on certain parts of the campus network, or with an enrolment ticket, but not from where you are now ({ $place }) with a password alone: otherwise whoever stole a password could do it as well.
    .title = Registering needs the campus network or a ticket
reason-enrol-ticket-needed = Your password is right. This account had a proof before, so a new one needs an enrolment ticket or a recovery code. { $Desk } can give you a ticket.
    .title = An enrolment ticket is needed
reason-enrol-ticket-wrong = This ticket does not open anything: it may be mistyped, used already or too old. Check it against the paper; { $desk } can give you a new one.
    .title = The ticket does not fit
reason-enrol-ticket-for-factor = This ticket is for registering an authenticator app. Sign in with your password first; where one more proof is missing, enter the ticket.
    .title = This ticket is not for a password
reason-enrol-ticket-needs-factor = The ticket is right. This account also has a proof of its own, so a ticket alone gives no new password. If you have a passkey, sign in with it and choose a new password in your account page. If nothing that is registered can be used, { $desk } can end it and give you another ticket.
    .title = A ticket alone gives no new password here
reason-prefs-locks-out = Nothing was changed. What you would leave on is not enough to sign in everywhere where you can sign in now. Leave another proof on; recovery codes are not counted, because they run out.
    .title = That would lock you out
reason-password-weak = Nothing was changed: the new password would be guessed too easily.
    .title = The new password would be guessed too easily

## An address for codes by mail

reason-mail-address-malformed = What was entered does not have the shape of a mail address: a name, the sign @ and a domain, such as hana@mail.example. Nothing was sent.
    .title = This does not look like a mail address
reason-mail-address-own = Mailboxes of this address open with this very sign-in. Whoever stands outside without the code could not read the code that was sent there, and would be locked out. Nothing was sent; enter an address outside the organisation.
    .title = An address outside the organisation is needed
