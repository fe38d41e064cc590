### The portal and demo mode.

ending-soon = Your sign-in ends in less than three minutes, because this page has not been used for a while. What you have typed stays.
ending-for-good = Your sign-in ends in less than three minutes, because it is as old as it may be. Finish what you are doing, or note what you have typed.
ending-stay = Stay signed in
ending-stayed = You stay signed in.
ending-over = Your sign-in has ended. What you have typed is still on this page: note it, then load the page again and sign in.
portal-navigation = Your account
portal-overview = Your account
portal-password = Password
portal-consents = Shared data
portal-who = Who you are
portal-name = Name
portal-mail = Mail address
portal-affiliation = You are
portal-groups = Groups
portal-where = Where you are
portal-address = Your address: { $address }
portal-services = Services
portal-factors = How you prove who you are
portal-password-changed = Changed
portal-change-password = Change password
portal-add-passkey = Add a passkey
portal-add-totp = Add an authenticator app
portal-make-recovery-codes = Make recovery codes
portal-enter-ticket = Enter an enrolment ticket
portal-sessions = Where you are signed in
portal-sessions-text = If one of these is not yours, end it and change your password.
portal-events = What happened
portal-no-events = Nothing has been recorded yet.

affiliation-faculty = Faculty
affiliation-student = Student
affiliation-staff = Staff
affiliation-alum = Alumna or alumnus
affiliation-member = Member
affiliation-affiliate = Affiliate
affiliation-employee = Employee
affiliation-library-walk-in = Library visitor

## Factors

factor-named = { $method } "{ $name }"
factor-registered = Registered
factor-binding = How it was registered
factor-last-used = Last used
factor-never-used = Never used
factor-codes-left = { $number ->
        [one] 1 code left
       *[other] { $number } codes left
    }
factor-remove = Remove
factor-remove-named = Remove: { $method }
factor-state-ready = ready
factor-state-unfinished = not finished
factor-state-suspended = suspended
factor-state-switched-off = switched off by you
factor-state-elsewhere = perhaps from somebody else
binding-ticket = Registered with an enrolment ticket
binding-letter = Sent by letter
binding-other-factor = Registered with another proof
binding-desk = Registered at the help desk
binding-break-glass = Break-glass code of an administrator
binding-inside-with-password = Registered on the campus network with the password
suggestion-register-first = From outside the campus network one more proof is needed. You can register it here and now, in two minutes.
suggestion-register-elsewhere = From outside the campus network one more proof is needed, and you have none. With your password alone you can register it in these networks: { $networks }. With a ticket from { $desk } it works from here as well.
suggestion-register-with-ticket = From outside the campus network one more proof is needed, and you have none that can be used. Register one with a ticket: { $desk } makes it for you.
suggestion-make-recovery-codes = If what you sign in with is lost, recovery codes let you in. Make them now and keep them on paper.
suggestion-few-recovery-codes = Few of your recovery codes are left. Make new ones while you can.
suggestion-dismiss = I know; do not say this again
suggestion-later = Not now; remind me in 30 days

## Sessions and history

session-this-one = this one
session-browser-unknown = A browser
session-opened = Signed in
session-used = Last used
session-end = End
session-end-which = ({ $place })
session-end-others = End all others
event-when = When
event-what = What
event-service = Service
event-where = Where
event-admitted = Signed in
event-refused = Not signed in
event-not-registered = Not registered
event-left-off = Password right, not continued
event-viewed = The help desk looked at your account
event-ticket-made = A ticket was made for you
event-unlocked = The help desk ended your wait after wrong tries
event-break-glass-made = A break-glass code was made for you
event-session-ended = A sign-in was ended
event-session-ended-by-desk = The help desk ended your sign-ins
event-person-changed = What is stored about you was changed
event-not-me = “This was not me” was pressed
event-older = Older ones

## What was done

done-password-changed = Your password has been changed.
done-totp-registered = Your authenticator app is registered.
done-recovery-codes-made = Your new recovery codes count from now on, and only these.
done-factor-removed = The proof has been removed.
done-preferences-chosen = Your choice is saved.
done-loss-reported = What you chose has ended. You are still signed in here.
done-session-ended = That sign-in has ended.
done-others-ended = All other sign-ins have ended.
done-consent-withdrawn = The service no longer receives your data.
done-passkey-registered = Your passkey is registered. From now on you can sign in with it, without a password.
done-passkeys-full = Ten passkeys are registered. Remove one of them before you add another.
done-passkey-renamed = The passkey has its new name.
done-apps-full = Five authenticator apps are registered. Remove one of them before you add another.

## Password

change-password-heading = Change your password
change-password-button = Change password
change-password-end-others = End my sign-ins in other browsers
new-password-label = New password
password-rule-length = { $minimum } characters or more; spaces count. A sentence of a few words is good.
password-rule-kinds = No special kinds of characters are demanded, and it never has to be changed on a date.
password-rule-words = Not one that is in lists of common passwords.
password-rule-own = Not only your own name, your user name, or words of the organisation.
password-too-short = This password has { $length } characters; it needs { $minimum } or more. Add a word or two.
password-too-long = This is longer than any password that can be set here. Something else may have been pasted.
password-common = This password is in the lists that are tried first, perhaps with small changes. Several words that do not belong together are better.
password-pattern = This password is a repetition, a row of keys or a date, and such are tried early. Several words that do not belong together are better.
password-organisation-word = This password consists of words of the organisation, and such are tried early. Add words that nobody would expect.
password-person-word = This password consists of your own name or user name, and such are tried early. Choose words that have nothing to do with you.

## Authenticator app

totp-heading = Register an authenticator app
totp-step-app = Open the app
totp-step-app-text = Any app for one-time codes will do, on your phone or computer. Many password managers can do it as well.
totp-step-scan = Scan the picture
totp-qr = QR code for the authenticator app
totp-open-app = Open in an app on this device
totp-secret-text = If you cannot scan it, enter this key by hand (time-based, 6 digits):
totp-step-code = Enter the code that the app shows
totp-code-hint = Only this completes the registration.
totp-button = Complete the registration
totp-code-refused = Nothing is registered yet. Compare the code with the newest entry in the app, the one that you have just added.

## Passkey

register-passkey-heading = Register a passkey
register-passkey-text = A passkey lets you sign in with your finger, face or PIN, or with a security key, instead of a password. It answers at this address only, so a false page gets nothing from it. It stays on your device or in your password manager.
register-passkey-next = Your browser asks next where the passkey should be kept, and checks that it is you. Choose a place that you will have at hand when you sign in.
register-passkey-button = Register a passkey
register-passkey-no-script = Registering a passkey needs JavaScript, which is switched off in this browser. Switch it on for this site and load the page again, or register an authenticator app instead.
register-passkey-no-support = This browser cannot make passkeys. Use a newer browser, or register an authenticator app instead.
register-passkey-cancelled = No passkey was made: the browser's window was closed. Nothing was changed; try again when you like.
register-passkey-timeout = The browser waited and then gave up. Nothing was changed; try again when you like.
register-passkey-known = A passkey for this account is kept there already. Choose another device or password manager, or use the one that you have.
register-passkey-unfit = What you chose cannot keep a passkey that checks its holder. Set a PIN, finger or face for it first, or choose another device.
register-passkey-wrong-address = The browser refuses to make passkeys at this address. Open your account page at its usual address, in an ordinary browser window.
register-passkey-not-usable = The browser could not make a passkey. Nothing was changed; try again, or choose another device.
register-passkey-refused = What the browser sent could not be taken, so nothing was registered. The page may have been open too long: try once more.
register-app-instead = Register an authenticator app instead
register-passkey-instead = Register a passkey instead
passkey-rename = Rename
passkey-rename-named = Rename: { $name }
passkey-rename-heading = Name of the passkey
passkey-rename-label = Name
passkey-rename-hint = As you will recognise it, for instance "Work laptop". Up to 60 characters.
passkey-rename-button = Save the name

## Recovery codes

recovery-heading = Your recovery codes
recovery-text = They are shown this once. Each one lets you in once when your phone is not at hand. Print or save them, keep them away from your computer, then press the button: from then on they count.
recovery-download = Save as a file
recovery-print = Print
recovery-print-hint = You can also print this page.
recovery-saved = I have saved them
recovery-file = recovery-codes.txt
recovery-file-note = Each code counts once. Keep this sheet where you keep important papers.

## Removing

remove-heading = Remove: { $method }
remove-button = Remove: { $method }
remove-others-left = You have other ways to prove who you are from outside.
remove-nothing-left = This is your last one. Afterwards you cannot sign in from outside the campus network, and registering again needs a ticket from the help desk.
remove-recovery-codes-left = Afterwards only your recovery codes are left. Register another way soon.

## Enrolment ticket

ticket-heading = Enter an enrolment ticket
ticket-text = A ticket lets you register a proof from anywhere. It comes by letter or from { $desk }, and counts once.
ticket-label = Ticket
password-ticket-link = New here, or password forgotten? Choose one with a ticket
password-ticket-heading = Choose a password with a ticket
password-ticket-text = With the initial password from a letter, or with a ticket from { $desk }, you choose a password of your own. Nobody else sees or knows it.
password-ticket-label = Ticket or initial password
new-password-ticket-heading = Choose your password
new-password-ticket-text = The ticket is right. Choose the password with which you will sign in from now on.
new-password-ticket-button = Set this password
ticket-code-label = Code of your authenticator app, or a recovery code
ticket-code-hint = A proof is registered for this account; so a ticket alone does not change the password.
ticket-hint = As printed; spaces, hyphens and capitals do not matter.

## Consents

consents-text = These services receive data of yours because you allowed it.
consents-none = No service receives data of yours by your consent.
consents-given = Allowed
consents-withdraw = Withdraw

## This was not me

not-me-heading = Was this not you?
not-me-what = What
not-me-suspends = If this was not you, press the button. What is new will be suspended, and all sign-ins of your account end; what you had before stays as it is.
not-me-suspends-passkey = If this was not you, press the button. The passkey will be suspended, and all sign-ins of your account end; everything else stays as it is.
not-me-ends = If this was not you, press the button. All sign-ins of your account end, in every browser, and so do tickets and whatever was begun and not finished. Your password and your proofs stay as they are now.
not-me-revokes = If this was not you, press the button. The new certificate will be revoked, which cannot be undone, and all sign-ins of your account end; what you had before stays as it is.
not-me-button = This was not me
not-me-was-me = If it was you, close this page. Nothing has been changed.
not-me-suspended-heading = It is suspended
not-me-suspended = Thank you. What was new can no longer be used, and all sign-ins have ended.
not-me-suspended-passkey = Thank you. The passkey can no longer be used, and all sign-ins have ended.
not-me-revoked-heading = The certificate is revoked
not-me-revoked = Thank you. The new certificate can no longer be used, and all sign-ins have ended.
not-me-ended-heading = All sign-ins have ended
not-me-ended = Thank you. Nobody is signed in to your account here any more; a service may keep its own sign-in for a while. Your password and your proofs have not been changed.
not-me-next-new = Change your password next; { $desk } will help you with the rest.
not-me-next-password = The password that somebody else chose still counts. Tell { $desk } now: with a ticket from there you choose a new one.
not-me-next-known = Somebody else knows your password. Sign in and change it now, also wherever else you use it. If something is still not right, tell { $desk }.
not-me-next-code = Somebody else has recovery codes of yours. Sign in, change your password and make new recovery codes; the earlier ones then no longer count. Tell { $desk } as well.
not-me-next-passkey = Sign in another way, remove the passkey and register a new one; { $desk } will help you with the rest.
not-me-next-removed = What was removed stays removed. Tell { $desk } now, change your password, and register the proof again.
not-me-over-heading = This link is over
not-me-over = It was used already, or it is too old. If something is still not right, tell { $desk }.
notice-second-factor-failed = Your password was right, and the second proof was not
notice-recovery-code-used = A recovery code was used
notice-clock-suspected = A code belonged to another moment
notice-passkey-copied = A passkey's counter did not grow: there may be a copy
notice-password-changed = The password was changed
notice-factor-added = A proof was registered
notice-factor-removed = A proof was removed
notice-factor-resumed = A suspended proof may be used again
notice-recovery-codes-made = New recovery codes were made

## Demo mode

demo-strip-label = Demonstration
demo-strip-network = Demonstration. You pretend to be on: { $network }
demo-strip-real = Demonstration. You are where you really are.
demo-strip-change = Change network
demo-strip-mails = Outgoing mail
demo-strip-codes = App codes
demo-networks-heading = Where do you pretend to be?
demo-networks-text = The rules for signing in depend on the network. Choose one, then sign in to a service.
demo-networks-legend = Networks
demo-networks-button = Be there
demo-inside = inside
demo-outside = outside
demo-mails-heading = Outgoing mail
demo-mails-text = What would have been sent. Nothing leaves this computer.
demo-mails-none = Nothing yet. Change a password, for instance.
demo-codes-heading = What the authenticator apps show
demo-codes-text = The people of this demonstration have no telephones, so their apps are here. A code changes every 30 seconds and works once. You can also scan the picture with an app of your own.
demo-codes-left =
    { $seconds ->
        [one] Good for one more second
       *[other] Good for { $seconds } more seconds
    }
demo-codes-whose = App of { $username }
demo-codes-next = Show the present codes
demo-service-text = This page stands for a service of your organisation.
demo-service-sign-in = Sign in
demo-service-sign-in-strong = Sign in with two proofs, wherever you are
demo-service-received = You are signed in. This is what the service was told:
demo-service-error = The service was told:

## An address for codes by mail

portal-add-mail-code = Register an address for codes by mail
portal-replace-mail-code = Register another address for codes by mail
factor-mail-came-back = The last code that was sent to { $address } came back: no mail arrives there at the moment. Register another address, or look whether this one still exists.
factor-not-taken-here = not accepted at present: codes by mail are switched off here
register-mail-heading = Register an address for codes by mail
register-mail-text = When you sign in from outside, a code can be sent to an address of yours. It has to be a mailbox outside the organisation that opens without this sign-in, or you could not read the code. A code by mail is the weakest kind of proof, and some services do not take it; an authenticator app or a passkey is better.
register-mail-replaces = It will take the place of { $address }.
register-mail-address-label = Mail address
register-mail-address-hint = For instance of a private mailbox or of your telephone company. We send a code there first.
register-mail-send = Send a code there
register-mail-code-heading = Enter the code from the mail
register-mail-code-text = A code was sent to { $address }. Entering it completes the registration.
register-mail-complete = Complete the registration
register-mail-code-refused = Nothing is registered yet. Compare the code with the newest mail, digit by digit.
register-mail-other-address = Use another address
register-mail-instead = Have codes sent by mail instead
done-mail-code-registered = The address is registered. From now on a code can be sent there when you sign in.
binding-mail-code = Registered with a code by mail

## Client certificates

certificates-heading = Client certificates
certificates-text = A client certificate shows the campus Wi-Fi, and services that ask for one, that a device is yours.
certificates-sign-in = Here it is your second proof after the password: choose "Use a certificate" while you sign in.
certificates-none = You have no certificate.
certificate-name = Certificate
certificate-state-good = good
certificate-state-revoked = revoked
certificate-state-expired = expired
certificate-issued = Issued
certificate-by-desk = Issued by the help desk
certificate-until = Good until
certificate-revoked = Revoked
certificate-serial = Serial number
certificate-serial-decimal = The same in decimal digits
certificate-revoke = Revoke
certificate-revoke-named = Revoke: { $name }
certificate-get = Get a certificate
certificate-full =
    { $number ->
        [one] You have a certificate, and no more than one can be held at a time. Revoke it before you get another.
       *[other] You have { $number } certificates that are good, and no more can be held at a time. Revoke one of them before you get another.
    }
certificate-not-for-you = No certificate can be issued for your account. If you need one, ask the help desk.
certificate-done-saved = File and PIN are no longer kept here. If you lose them, revoke the certificate and get a new one.
certificate-done-revoked = The certificate is revoked.
certificate-done-failed = No certificate could be issued. The help desk can find out why.
certificate-get-text = You get a file with a key and a certificate, and a PIN that opens it. The certificate is good for { $number } months. Use one for each device, so that a lost one can be revoked alone.
certificate-label = Device
certificate-label-hint = As you will recognise it, for instance "Work laptop". It may stay empty.
certificate-issue = Issue the certificate
certificate-file-heading = Your certificate is ready
certificate-file-text = Save the file and note the PIN. Both stay here for ten minutes at most, and nobody can show them again afterwards.
certificate-pin = PIN for the file
certificate-pin-text = Type it as it is shown, with the hyphens. Do not keep it beside the file.
certificate-download = Save the file
certificate-import = On the device, open the file and enter the PIN when you are asked for a password. Import it on your own devices only, never on shared ones.
certificate-guide = How to put the file on your device, step by step
certificate-test = Test it now: sign in with it from here, as if you were outside
certificate-saved = I have saved both
certificate-revoke-heading = Revoke this certificate?
certificate-revoke-text = It stops working everywhere within minutes, and that cannot be undone. Do this if the device is lost or no longer yours, or if somebody else may have the file and the PIN.
certificate-revoke-button = Revoke the certificate
notice-certificate-issued = A client certificate was issued
notice-certificate-revoked = A client certificate was revoked
not-me-next-certificate-issued = Change your password next, and see in your account page whether anything else is not yours; { $desk } will help you with the rest.
not-me-next-certificate-revoked = A certificate that is revoked stays revoked. Get a new one in your account page; { $desk } will help you with the rest.
portal-certificates = Client certificates
certificate-done-certified = Your key is certified. Fetch the certificate below and keep it beside the key.
certificate-renew = Renew
certificate-renew-named = Renew: { $name }
certificate-renew-heading = Renew the certificate
certificate-renew-stays = You get a new file and a new PIN. The old certificate keeps working until it ends, so there is no hurry: import the new one first, try it, and revoke the old one afterwards.
certificate-renew-replaced = You get a new file and a new PIN. You hold as many certificates as you may, so the old one stops working at the moment when the new one is issued. Do this when you have the device at hand.
certificate-document = The certificate without its key (PEM)
certify-instead = I keep my own key and have a request (CSR)
certify-heading = Have your own key certified
certify-text = For people who make their keys themselves. Your key stays with you; only the request comes here. Of the request only its key is taken: the certificate says your user name, whatever the request says, and holds for { $number } months.
certify-how = This makes a key and a request for it. Keep key.pem; give us request.pem:
certify-request = Request (CSR)
certify-request-hint = The whole text, from -----BEGIN CERTIFICATE REQUEST----- to -----END CERTIFICATE REQUEST-----.
certify-file = Or choose its file
request-flaw-none = This is not a certificate request.
request-flaw-none-hint = Paste the whole text of the request, with its first and last line.
request-flaw-long = This is much longer than a certificate request.
request-flaw-private-key = This is a private key, not a request. We did not keep it.
request-flaw-private-key-hint = It has left your hands: make a new key, keep that to yourself, and send the request only.
request-flaw-key = The request is all right, but its key is of a kind that gets no certificate here.
request-flaw-key-hint = Use a key on the curve P-256 or P-384, or RSA with 2048 to 4096 bits.
request-flaw-not-proven = The request is not signed by its own key.
request-flaw-not-proven-hint = It may have been changed on its way, or signed with SHA-1. Make it once more with SHA-256.

## Could I sign in from home?

rehearsal-heading = Could I sign in from home?
rehearsal-text = This is what a sign-in from each place would come to, with your password and with what is registered for you now. It is decided exactly as at the sign-in itself. Looking changes nothing.
rehearsal-from-home = At home, or anywhere else outside the campus network
rehearsal-from = { $place }
rehearsal-here = you are here now
rehearsal-admitted = Yes, with your password alone.
rehearsal-asked = Yes, with your password and one more proof.
rehearsal-unable = No. Besides the password one more proof is needed there.
rehearsal-refused = No, whatever you show.
rehearsal-why-none = None is registered for you yet.
rehearsal-why-none-left = Those that you had registered have been removed or used up.
rehearsal-why-unfinished = You began to register one and did not finish, so it does not count yet.
rehearsal-why-suspended = Yours was suspended after somebody reported that it was not theirs.
rehearsal-why-switched-off = You have switched off what would do there.
rehearsal-why-not-allowed = What you have is not accepted from there.
rehearsal-why-level = What you have is not strong enough for that.
rehearsal-why-not-from-there = The rules of your organisation let nobody in from there.
rehearsal-would-do = would do
rehearsal-not-accepted = not accepted from there
rehearsal-register = You can register one here and now. Any one of these would be enough:
rehearsal-above = What is named above would be enough here, too.
rehearsal-register-there = With your password alone you can register one in these networks: { $networks }. With a ticket from { $desk } it works from here as well.
rehearsal-register-ticket = You can register one with a ticket: { $desk } makes it for you.
rehearsal-ask-desk = You can register nothing yourself that would be enough: { $desk } can help.
rehearsal-apart = Other answers for these services
rehearsal-service = { $service }: { $verdict }
rehearsal-with = This would do: { $factors }.
rehearsal-try = Try it for real
rehearsal-only-there = It cannot be tried from where you are: the proofs that count there do not count here, so that this sign-in would be refused.
rehearsal-try-hint = "Try it for real" is a sign-in from where you are: you are asked for everything that you would be asked for there.
rehearsal-note = A service can ask for more than this at a sign-in, wherever you are.
rehearsed-heading = You would get in
rehearsed-text = With what you have just shown you would be let in from there, too: { $place }.
rehearsed-shown = What you showed
rehearsed-again = Back to all places

## Which proofs may be used

portal-preferences = Choose which proofs may be used
preferences-heading = Which proofs may be used
preferences-text = When one more proof is needed, only what is ticked here counts for your account. What you leave out stays registered, and nobody can sign in with it, not even you.
preferences-use-legend = May be used
preferences-codes = Recovery codes always count: they are for the day on which everything else is lost.
preferences-first-legend = Asked for first
preferences-first-remembered = What I used last in the same browser
preferences-save = Save this choice
preferences-none = There is nothing to choose yet: register an authenticator app, a passkey or another proof first.
preferences-closed = You could no longer sign in to { $service } from there: { $place }.
preferences-closed-level = You could no longer sign in to { $service } when it asks for a strong proof. You would be here: { $place }.
notice-preferences-changed = It was chosen anew which proofs may be used
not-me-next-preferences-changed = Sign in, change your password, and look at "Which proofs may be used" in your account page. If you can no longer sign in, { $desk } can switch on what was switched off.

## Something is lost

portal-lost = I have lost something
lost-heading = What have you lost?
lost-text = Choose what was on the phone, key or computer that you have lost. It ends at once, everywhere, and you get a mail about it.
lost-nothing = There is nothing here that could end: no proof, no certificate and no other sign-in.
lost-factors = Proofs
lost-asks-proof = Ending a proof asks for another one first. Certificates and sign-ins end at once; then you are asked, and choose the proofs again.
lost-sessions =
    { $number ->
        [one] The other sign-in, in another browser
       *[other] All { $number } other sign-ins, in other browsers
    }
lost-warning = What has ended does not come back. If no proof is left, you need the help desk to register another one.
lost-button = End what I have chosen
notice-loss-reported = Something was reported lost, and has ended
not-me-next-loss-reported = What has ended stays ended. Tell { $desk } now, change your password, and register your proofs again.
