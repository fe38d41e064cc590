### The help desk's console. Its readers are staff, with somebody on the telephone or at the counter.

desk-heading = Help desk console
desk-intro = Each search is recorded. When you open the page of a person or an incident, they read in their account that the help desk looked.
desk-search-label = Whom or what do you look for?
desk-search-hint = An incident code, a user name, a name, a mail address, or the serial number of a certificate.
desk-search-button = Look up
desk-found = Found for “{ $text }”
desk-found-none = Nobody whom you may help fits that. Check the spelling, or ask for the incident code on their screen.
desk-found-too-many = Too many fit that to look through. Type more: the whole user name, more of the name, or the incident code on their screen.
desk-found-more = There are more. Type more of the name.
desk-search-again = Look for somebody else
desk-back-person = Back to { $name }

## A person

desk-other-name = Name in Japanese
desk-state = Account
desk-state-active = can be used
desk-state-not-yet = can be used from { $moment }
desk-state-ended = ended { $moment }
desk-state-disabled = switched off since { $moment }
desk-state-held = held since { $moment }, because somebody else may know the password. Say nothing about it before you know who is asking.
desk-role = Role
desk-role-staff = Staff of a help desk
desk-role-administrator = Administrator
desk-see-only = You may look here, and change nothing: their role is not below yours.
desk-outlook-heading = Would they get in?
desk-outlook-text = As the rules stand now, at the account page, with the right password.
desk-outlook-yes = Yes
desk-outlook-no = No: { $why }
desk-waits-heading = Waits after wrong tries
desk-waits-none = None from browsers that are new to the account.
desk-wait = { $what }, { $side ->
        [inside] inside
       *[outside] outside
    }: { $failures ->
        [one] 1 wrong try
       *[other] { $failures } wrong tries
    } in a row
desk-wait-until = Nothing is looked at before { $moment }.
desk-wait-closed = Closed for today.
desk-guess-password = Password
desk-guess-totp = Code of an authenticator app
desk-guess-mail-code = Code by mail
desk-guess-recovery-code = Recovery code
desk-guess-ticket = Enrolment ticket
desk-guess-password-ticket = Ticket for a password
desk-factors-heading = What they have
desk-password-none = No password yet: they start with a ticket.
desk-factors-none = Nothing but the password.
desk-factor-switched-off = switched off by its owner
desk-certificates-heading = Certificates
desk-sessions-heading = Where they are signed in
desk-sessions-none = Nowhere.
desk-events-heading = What happened
desk-events-text = As the account’s owner reads it, with the reasons that only the help desk may know.
desk-explain = Why
desk-explain-which = ({ $code })

## An incident

desk-incident-unknown = There is nothing about this code
desk-incident-unknown-text = Either nobody got it, or it is no longer kept, or it is about somebody whom you may not help. Let it be read out once more.
desk-incident-who = Who
desk-incident-nobody = Nobody who is known
desk-incident-reason = Reason
desk-incident-rule = Rule that decided
desk-incident-again = Decided again
desk-replay-same = gives the same reason
desk-replay-broken = gives another reason by the same rules. Report this as a defect.
desk-replay-differently = would come out differently by the rules of today
desk-replay-unreadable = cannot be done: the record is older than these rules
desk-replay-unknown = cannot be done: the settings of that time are no longer kept
desk-incident-text-heading = In the words for the person
desk-changes-heading = What would have been enough
desk-changes-none = No single change would have been enough.
desk-change-right-password = The right password
desk-change-fresh-code = A right code that was not used before ({ $method })
desk-change-registered-factor = A registered proof ({ $method })
desk-change-inside-zone = Being where a password is enough
desk-change-usable-account = An account that can be used
desk-change-group = Being in the group { $group }
desk-change-wait = Waiting until { $moment }
desk-change-enabled-service = A service that is switched on
desk-change-start-over = Beginning again
desk-mails-heading = Codes by mail around that time
desk-facts-summary = Everything that the decision looked at
desk-facts-gone = What the decision looked at is no longer kept.
desk-fault = Something of ours broke. The log of the server says more under this code.
desk-request-heading = What the service sent
desk-request-problem = What is wrong
desk-request-client = client_id
desk-request-sent = Return address that was sent
desk-request-registered = Return address that is registered
desk-request-differs = Differs from character
