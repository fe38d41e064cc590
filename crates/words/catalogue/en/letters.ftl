### The letter on paper for somebody new: three thirds of a sheet, the last one under a fold.

letter-title = Your account
letter-to = { $name }
letter-printed = Printed { $date }
letter-intro = With this letter you set up your account at { $organisation } yourself. It takes about five minutes. Have your phone at hand, and do it before { $until }: after that the initial password is no longer good.
letter-steps = What to do first
letter-step-app = Put an authenticator app on your phone, if there is none yet: any app for one-time codes (TOTP) will do.
letter-step-scan = Open the lower fold. Let the app scan the square code there, or type the key. From now on the app shows a code of six digits, a new one every 30 seconds.
letter-step-choose = Open { $address } and enter your user name and the initial password. Choose a password that only you know, and enter the code that the app shows.
letter-step-after = From then on you sign in with your own password and, where it is asked for, a code of the app. Make recovery codes at { $portal } for the day on which the phone is lost. Then destroy the lower part of this letter.
letter-never = What never to do
letter-never-ask = Nobody from { $organisation } ever asks for your password, the key or a code: not by mail, not by telephone. Tell them to no one, and photograph them with nothing but the app.
letter-never-elsewhere = Enter them nowhere but at the address above: read it in the browser's address bar first.
letter-opened = If the lower fold was open when you got this, or the initial password is refused, somebody may have been there before you. Ask { $desk } at once.
letter-desk = Help
letter-desk-unknown = Ask whoever gave you this letter.
letter-organisation-desk = the help desk
letter-fold = Confidential: open the fold below only to set up your account
letter-username = User name
letter-password = Initial password
letter-password-hint = Good once, until { $until }, to choose your own password at { $address }. Capitals and hyphens do not matter.
letter-scan = For the authenticator app
letter-key = Key, if the code cannot be scanned
letter-key-hint = Neither 0 nor O, 1 nor I, 2 nor Z, 5 nor S, 6 nor G, 8 nor B occurs in the key or in the initial password: there is nothing to mix up.
letter-back = This page has no secrets. Your user name, the initial password and the code for the app are on the other side.
