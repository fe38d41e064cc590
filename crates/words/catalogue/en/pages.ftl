### Pages of a sign-in, full-page problems, and the names of things.

## Everywhere

error-prefix = Error:{" "}
list-separator = ,{" "}
sentence-separator = {" "}
skip-to-content = Skip to the content
go-on = Continue
cancel = Cancel
back = Back
copy = Copy
copied = Copied
copy-all = Copy all
sign-in = Sign in
sign-out = Sign out
help-page = Help
help-telephone = Telephone { $number }
generic-service = the service
generic-place = another network
generic-desk = the help desk
generic-desk-heading = Help desk
mail-to-desk-subject = Signing in, incident { $code }
mail-to-desk-subject-plain = Signing in
summary-heading = There is a problem

## Spans

span-now = just now
span-ago = { $span } ago
span-seconds = { $number ->
        [one] 1 second
       *[other] { $number } seconds
    }
span-minutes = { $number ->
        [one] 1 minute
       *[other] { $number } minutes
    }
span-hours = { $number ->
        [one] 1 hour
       *[other] { $number } hours
    }
span-days = { $number ->
        [one] 1 day
       *[other] { $number } days
    }
span-minutes-and-seconds = { $minutes } { $seconds }
wait-until = You can try again from { $moment } on.
wait-left = You can try again in %.
wait-over = You can try again now.

## The slip

slip-label = Your sign-in so far
slip-to = To
slip-you-are = You are
slip-name-and-password = Name and password
slip-one-more-proof = One more proof
slip-account = Account
slip-group = Your groups
slip-why = why?
slip-needed = needed
slip-password-needed = password needed
slip-new-password-needed = ticket checked, new password needed
slip-checked = checked
slip-no-match = no match
slip-proof-likely = usually needed from here
slip-proof-missing = needed, none can be used
slip-account-off = switched off
slip-account-not-yet = not open yet
slip-account-ended = time has ended
slip-group-other = not among those of the service

## Where somebody is

place-inside = on the campus network
place-outside = outside the campus network
place-unknown = at an unknown place, which counts as outside
place-with-name = { $side } ({ $name })
place-why-inside = Your address belongs to the campus network.
place-why-outside = Your address does not belong to the campus network.
place-why-unknown = Your network address did not reach us, so we cannot tell where you are. Whoever cannot be placed counts as outside.
place-relay = Your browser hides its address behind { $relay }. Switch that off for this site if you are on campus.
place-moved = before: { $earlier }
place-password-suffices = Here your password is usually enough.
place-two-proofs = Here one more proof is needed besides the password.

## The steps

username-title = Sign in to { $service }
username-heading = Sign in
username-label = User name
username-hint = Not your mail address. Capitals and spaces do not matter.
change-username = Change
password-label = Password
password-show = Show password
password-hide = Hide password
live-caps-lock = Caps Lock is on.
live-full-width = The Japanese input method is on. Switch it to half-width letters.
code-totp-label = Code of your authenticator app
code-totp-hint = The 6 digits that the app shows now. Spaces do not matter.
code-mail-label = Code from the mail
code-mail-hint = The digits in the newest mail. Spaces do not matter.
code-recovery-label = One of your recovery codes
code-recovery-hint = From the list that you printed or saved. Each code counts once; spaces and hyphens do not matter.
certificate-hint = Your browser asks next which certificate to show. Choose the one that you received for signing in here; nothing has to be typed.
certificate-button = Choose a certificate
certificate-not-usable = A certificate cannot be presented here at the moment. Use another way.
certificate-elsewhere = It works in the browser, or on the device, into which you imported it. If the wrong one is shown, you can come back here and choose again.
passkey-sign-in = Sign in with a passkey
passkey-use = Use a passkey
passkey-hint = Your browser asks for your finger, face or PIN, or for your security key.
passkey-elsewhere = No passkey on this device? In the browser's window choose a phone or another device, and scan the picture with it. Bluetooth has to be on at both.
passkey-no-script = A passkey needs JavaScript, which is switched off in this browser. Switch it on for this site, or use another way.
passkey-no-support = This browser cannot use passkeys. Use another way, or a newer browser.
passkey-cancelled = The passkey was not used: the browser's window was closed. Nothing is wrong; try again, or use another way.
passkey-timeout = The browser waited for the passkey and then gave up. Nothing is wrong; try again, or use another way.
passkey-none-here = The browser found no passkey for this page on this device. Use a phone or another device in the browser's window, or another way.
passkey-wrong-address = The browser refuses to use passkeys at this address. Open the sign-in at its usual address, in an ordinary browser window, or use another way.
passkey-not-usable = The browser could not use the passkey. Try again, or use another way.
other-ways = Other ways
other-person = Sign in as somebody else
your-proofs = What you could use, and why not now
switch-heading = Signed in as { $person }
switch-text = You are signed in already. Go on to { $service } as this person, or sign in as somebody else.
switch-text-other = You are signed in, but { $service } expects somebody else.
switch-continue = Continue as { $person }
switch-other = Sign in as somebody else

## Ways on

next-go-on = Continue
next-try-again = Try again
next-wait = Try again
next-start-over = Start again
next-other-factor = Use another proof
next-register-factor = Register a proof for use outside
next-ask-desk = Contact the help desk
next-ask-service = Write to whoever runs { $service }
next-switch-person = Choose who signs in
next-allow-cookies = Cookies are allowed now: go on
next-open-portal = Open the list of services
way-start-over = Start this sign-in again
way-back-to-service = Go back to { $service } without signing in
way-enter-ticket = Enter an enrolment ticket
way-portal = Open the list of services
register-ways = How to register one
register-way-inside = On the campus network (or its VPN where your site allows it), open your account page and register an authenticator app. It takes two minutes.
register-way-here = Where you are now: open your account page and register an authenticator app. It takes two minutes.
register-way-ticket = With an enrolment ticket, from a letter for instance: from anywhere.
register-way-desk = In person at { $desk }, with your card.

## Methods

method-password = Password
    .description = What you know.
    .choose = Use your password
method-passkey = Passkey
    .description = Your device or security key signs, after it has checked your finger, face or PIN.
    .choose = Use a passkey
method-totp = Authenticator app
    .description = A code that an app on your phone or computer shows, new every 30 seconds.
    .choose = Use your authenticator app
method-certificate = Certificate
    .description = A file that you imported into this browser or device, and that only you have.
    .choose = Use a certificate
method-mail-code = Code by mail
    .description = A code that is sent to your address outside the organisation.
    .choose = Have a code sent by mail
method-recovery-code = Recovery code
    .description = One of the codes that you printed or saved, each good once.
    .choose = Use a recovery code
usability-usable = can be used
usability-not-registered = not registered
usability-unfinished = registration not finished: its first code was never entered
usability-used-up = all codes are used
usability-suspended = suspended
usability-switched-off = you switched it off in your account page
usability-not-allowed-here = not accepted by this service from where you are
usability-binding-too-weak = registered with the password alone, which this service does not accept
usability-method-too-weak = never enough for the level that this service asks

## What the typed text shows

hint-full-width = Full-width characters were typed: the Japanese input method was on. We read them as half-width ones.
hint-spaces = There were spaces or invisible characters in the user name. We left them out.
hint-own-mail-domain = A mail address was typed. We used the part before the @.
hint-looks-like-mail = A mail address of another organisation was given as the user name. Change it to your user name.
hint-not-a-name = No user name here looks like the one that was given. Look at the letter that came with your account.
hint-password-full-width = The password contained full-width characters: the Japanese input method was on. Switch it off and type the password again.
hint-password-spaces = The password began or ended with a space. If it was pasted, the space may not belong to it.
hint-password-ticket = What was typed looks like a ticket, or like the initial password of a letter. It is entered under “New here, or password forgotten?”.
hint-caps-lock = Caps Lock was on while the password was typed.

## The incident

incident-label = About this incident
incident-code = Incident code
incident-time = Time
incident-network = Network
incident-not-kept = none was kept for this
incident-explanation = Tell this code to the help desk: it shows what happened, and nothing that you typed.

## Problems

cookies-heading = Where cookies are allowed
cookies-safari = iPhone, iPad: Settings, Apps, Safari, switch off "Block All Cookies".
cookies-chrome = Chrome, Edge: Settings, Privacy, Cookies, allow them for this site.
cookies-firefox = Firefox: the shield to the left of the address, switch off the protection for this site.
owner-heading = For whoever runs the service
owner-explanation = This is what arrived. Compare it with what is registered.

## An incident code in words

troubleshoot-link = Trouble signing in?
troubleshoot-heading = Trouble signing in
troubleshoot-intro = Every page that could not go on shows an incident code. Enter it here to read what can be said about it.
troubleshoot-hint = Eight characters and one more, such as 7K3M-9QTX-4. The letters O, I and L are read as digits.
troubleshoot-button = Look it up
troubleshoot-mistyped = This code contains a slip of the pen: a character is missing or too many, or the last one does not fit the others. Compare it with the page once more.
troubleshoot-answer = Code { $code }
troubleshoot-public = In this browser nothing more can be said about this code. It can be looked up at { $desk }.
troubleshoot-public-how = If the code is yours, open this page in the browser in which it was shown, or sign in to your account page: there your sign-ins are listed with their reasons.
troubleshoot-slower = Many codes were looked up from your network. You can ask again in { $wait }.
troubleshoot-place = At this moment you are { $place }.

## The way out

consent-heading = { $service } asks for your data
consent-text = If you allow it, { $service } receives:
consent-values = Show the values
consent-allow = Allow
consent-deny = Do not allow
consent-later = You can withdraw this on your account page at any time.
consent-home = The service's page: { $address }
relay-heading = Back to { $service }
relay-text = You are signed in. { $service } is waiting for the answer.
sign-out-heading = Sign out?
sign-out-text = You are signed in as { $person }. Signing out ends the sign-in of this browser for all services.
sign-out-text-service = You are signed in as { $person }. { $service } asks to sign you out. That ends the sign-in of this browser for all services.
sign-out-cancel = Stay signed in
signed-out-heading = You are signed out
signed-out-text = The sign-in of this browser has ended. On a computer that others use, close the browser as well.
signed-out-services = These services may keep a sign-in of their own for a while; sign out there too:
back-to-service = Back to { $service }
sign-in-again = Sign in again

## What a service receives

scope-openid = that it is you
scope-profile = your name and user name
scope-email = your mail address
scope-affiliation = what you are to the organisation (student, staff and so on)
scope-groups = the groups that you are in
scope-offline-access = this also while you are away, until you withdraw it

## A code by mail

mail-code-send = Send a code to { $address }
mail-code-another = Send another code
mail-code-sent-at = Sent at { $time } to { $address }, mail { $number }. Only the newest mail counts; this code is good until { $until }.
mail-code-over = The code that was sent at { $time } is no longer good. Have a new one sent.
mail-code-way-waiting = It is being handed over to the mail server at this moment.
mail-code-way-accepted = It was handed over to the mail servers at { $time }. If it does not come, look into the spam folder as well.
mail-code-way-deferred = The mail server has not taken it yet ({ $words }). We try again at { $time }. Some servers let every first mail wait.
mail-code-way-deferred-soon = The mail server has not taken it yet ({ $words }). We are trying again.
mail-code-way-refused = It was refused: { $words }. Nothing will come to this address; use another way, or ask the help desk.
mail-code-way-given-up = It could not be handed over in time ({ $words }). Have another one sent, or use another way.
mail-code-way-bounced = It came back at { $time }: { $words }. Nothing arrives at this address at the moment; use another way, or ask the help desk.
mail-code-look-again = Look again how the mail is doing
mail-code-another-from = You can have another one sent from { $time } on.
mail-code-where-to = The address was registered by you and is shown shortened. It cannot be changed while you sign in.

## The proof is lost

lost-proof-link = I do not have this any more: { $method }
lost-proof-heading = You do not have it: { $method }
lost-proof-others = You can go on with something else that is registered for you:
lost-proof-none = Nothing else is registered for you that could be used here.
lost-proof-else = What else you can do
lost-proof-desk = Go to { $desk }. When they know that it is you, they end what you have lost, and you get a ticket to register something new.
lost-proof-report = If you can sign in another way, open "I have lost something" in your account page: what was on the device ends at once.
lost-proof-password = Without your password nobody can use an app or a certificate on a lost device. If somebody may know your password as well, call at once.
lost-proof-back = I have found it: back to the sign-in
