### サインインの画面、全画面の案内、ものの名前。

## 共通

error-prefix = エラー：
list-separator = 、
sentence-separator = {""}
skip-to-content = 本文へ移動
go-on = 次へ
cancel = やめる
back = 戻る
copy = コピー
copied = コピーしました
copy-all = すべてコピー
sign-in = サインイン
sign-out = サインアウト
help-page = お問い合わせの案内
help-telephone = 電話 { $number }
generic-service = サービス
generic-place = 別のネットワーク
generic-desk = 窓口
generic-desk-heading = お問い合わせ窓口
mail-to-desk-subject = サインインについて（受付コード { $code }）
mail-to-desk-subject-plain = サインインについて
summary-heading = 確認が必要な点があります

## 時間

span-now = たった今
span-ago = { $span }前
span-seconds = { $number }秒
span-minutes = { $number }分
span-hours = { $number }時間
span-days = { $number }日
span-minutes-and-seconds = { $minutes }{ $seconds }
wait-until = { $moment }からお試しいただけます。
wait-left = あと%でお試しいただけます。
wait-over = もう一度お試しいただけます。

## 確認票

slip-label = ここまでの確認
slip-to = 行き先
slip-you-are = 接続場所
slip-name-and-password = ユーザー名とパスワード
slip-one-more-proof = もう一つの確認
slip-account = アカウント
slip-group = 所属グループ
slip-why = 理由
slip-needed = 必要です
slip-password-needed = パスワードが必要です
slip-new-password-needed = チケットは確認済み、新しいパスワードが必要です
slip-checked = 確認済み
slip-no-match = 一致しません
slip-proof-likely = 通常、ここからは必要です
slip-proof-missing = 必要ですが、使える方法がありません
slip-account-off = 停止されています
slip-account-not-yet = まだ利用できません
slip-account-ended = 利用期間が終わりました
slip-group-other = 対象に含まれていません

## 接続場所

place-inside = 学内ネットワーク
place-outside = 学外
place-unknown = 場所を確認できないため学外として扱います
place-with-name = { $side }（{ $name }）
place-why-inside = お使いのアドレスは学内ネットワークのものです。
place-why-outside = お使いのアドレスは学内ネットワークのものではありません。
place-why-unknown = ネットワークのアドレスがこちらに届かないため、場所を確認できません。確認できない場合は学外として扱います。
place-relay = ブラウザーのアドレスが{ $relay }によって隠されています。学内にいる場合は、このサイトについてその機能をオフにしてください。
place-moved = これまでの接続: { $earlier }
place-password-suffices = この場所では、通常はパスワードだけで利用できます。
place-two-proofs = この場所では、パスワードのほかにもう一つの確認が必要です。

## 各段階

username-title = { $service }へのサインイン
username-heading = サインイン
username-label = ユーザー名
username-hint = メールアドレスではありません。大文字・小文字や空白は区別しません。
change-username = 変更する
password-label = パスワード
password-show = パスワードを表示する
password-hide = パスワードを隠す
live-caps-lock = Caps Lockがオンになっています。
live-full-width = 日本語入力がオンになっています。半角英数に切り替えてください。
code-totp-label = 認証アプリのコード
code-totp-hint = アプリにいま表示されている6桁の数字です。空白はそのままで構いません。
code-mail-label = メールのコード
code-mail-hint = 最新のメールに書かれている数字です。空白はそのままで構いません。
code-recovery-label = リカバリーコード
code-recovery-hint = 印刷または保存した一覧にあるコードです。一つのコードは一度だけ使えます。空白やハイフンはそのままで構いません。
certificate-hint = 続けると、使用する証明書をブラウザーがたずねます。ここでのサインイン用に受け取った証明書を選んでください。入力は必要ありません。
certificate-button = 証明書を選ぶ
certificate-not-usable = いまは証明書を提示できません。別の方法を使ってください。
certificate-elsewhere = 証明書は、取り込んだブラウザーまたは端末でのみ使えます。違う証明書を選んでしまっても、ここに戻って選び直せます。
passkey-sign-in = パスキーでサインインする
passkey-use = パスキーを使う
passkey-hint = ブラウザーの画面で、指紋・顔・PIN、またはセキュリティキーによる確認を求められます。
passkey-elsewhere = この端末にパスキーがない場合は、ブラウザーの画面でスマートフォンなど別の端末を選び、表示されるコードを読み取ってください。両方の端末でBluetoothをオンにする必要があります。
passkey-no-script = パスキーにはJavaScriptが必要ですが、このブラウザーではオフになっています。このサイトについてオンにするか、別の方法を使ってください。
passkey-no-support = このブラウザーではパスキーを使えません。別の方法か、新しいブラウザーを使ってください。
passkey-cancelled = ブラウザーの画面が閉じられたため、パスキーは使われませんでした。問題ではありません。もう一度試すか、別の方法を使ってください。
passkey-timeout = パスキーの応答を待つ時間が過ぎました。問題ではありません。もう一度試すか、別の方法を使ってください。
passkey-none-here = この端末には、このサイトのパスキーが見つかりませんでした。ブラウザーの画面でスマートフォンなど別の端末を選ぶか、別の方法を使ってください。
passkey-wrong-address = このアドレスでは、ブラウザーがパスキーの利用を許可していません。通常のブラウザーの画面で、いつものアドレスからサインインするか、別の方法を使ってください。
passkey-not-usable = ブラウザーがパスキーを使えませんでした。もう一度試すか、別の方法を使ってください。
other-ways = ほかの方法
other-person = 別のユーザー名でサインインする
your-proofs = 確認方法の状態
switch-heading = { $person }さんとしてサインイン中です
switch-text = すでにサインインしています。このまま{ $service }へ進むか、別の方としてサインインするか選んでください。
switch-text-other = サインインは済んでいますが、{ $service }は別の方を求めています。
switch-continue = { $person }さんとして進む
switch-other = 別の方としてサインインする

## 次の操作

next-go-on = 次へ
next-try-again = もう一度試す
next-wait = もう一度試す
next-start-over = サインインをやり直す
next-other-factor = 別の確認方法を使う
next-register-factor = 学外用の確認方法を登録する
next-ask-desk = 窓口に問い合わせる
next-ask-service = { $service }の管理者に連絡する
next-switch-person = サインインする人を選ぶ
next-allow-cookies = Cookieを許可したので続ける
next-open-portal = サービスの一覧を開く
way-start-over = このサインインを最初からやり直す
way-back-to-service = サインインせずに{ $service }へ戻る
way-enter-ticket = 登録チケットを入力する
way-portal = サービスの一覧を開く
register-ways = 登録する方法
register-way-inside = 学内ネットワーク（または利用が認められているVPN）に接続し、ポータルを開いて認証アプリを登録します。2分ほどで終わります。
register-way-here = いまの接続場所で、ポータルを開いて認証アプリを登録します。2分ほどで終わります。
register-way-ticket = 郵送などで受け取った登録チケットを使って、どこからでも登録できます。
register-way-desk = 身分証を持って{ $desk }で登録します。

## 確認方法

method-password = パスワード
    .description = ご本人だけが知っている文字列です。
    .choose = パスワードを使う
method-passkey = パスキー
    .description = 指紋・顔・PINで持ち主を確かめたうえで、端末やセキュリティキーが署名します。
    .choose = パスキーを使う
method-totp = 認証アプリ
    .description = スマートフォンやパソコンのアプリが30秒ごとに表示するコードです。
    .choose = 認証アプリを使う
method-certificate = 証明書
    .description = このブラウザーまたは端末に取り込んだ、ご本人だけのファイルです。
    .choose = 証明書を使う
method-mail-code = メールのコード
    .description = 登録済みの学外アドレスに送信されるコードです。
    .choose = メールでコードを受け取る
method-recovery-code = リカバリーコード
    .description = 印刷または保存しておいたコードです。一つのコードは一度だけ使えます。
    .choose = リカバリーコードを使う
usability-usable = 使えます
usability-not-registered = 登録されていません
usability-unfinished = 登録が途中です（最初のコードが未入力）
usability-used-up = すべて使用済みです
usability-suspended = 一時停止中です
usability-switched-off = アカウントのページで使わない設定にされています
usability-not-allowed-here = 現在の接続場所からこのサービスには使えません
usability-binding-too-weak = パスワードだけで登録されたため、このサービスでは受け付けません
usability-method-too-weak = このサービスが求める強さには届きません

## 入力からわかること

hint-full-width = 全角文字が入力されていました。日本語入力がオンになっています。半角に読み替えました。
hint-spaces = ユーザー名に空白や見えない文字が含まれていたため、取り除きました。
hint-own-mail-domain = メールアドレスが入力されていたため、@より前の部分をユーザー名として使いました。
hint-looks-like-mail = ユーザー名に別の組織のメールアドレスが入力されています。ご自身のユーザー名に変更してください。
hint-not-a-name = 入力された形のユーザー名はここにはありません。アカウントの通知書を確認してください。
hint-password-full-width = パスワードに全角文字が含まれていました。日本語入力をオフにして、もう一度入力してください。
hint-password-spaces = パスワードの前または後ろに空白がありました。貼り付けた場合は、空白が余分な可能性があります。
hint-password-ticket = 入力されたものは、チケットまたは手紙の初期パスワードのようです。「初めての方、パスワードを忘れた方」から入力してください。
hint-caps-lock = パスワードの入力中、Caps Lockがオンになっていました。

## 受付コード

incident-label = お問い合わせのための情報
incident-code = 受付コード
incident-time = 日時
incident-network = 接続場所
incident-not-kept = コードはありません
incident-explanation = 窓口にこのコードをお伝えください。何が起きたかを確認できます。入力された内容は含まれません。

## 全画面の案内

cookies-heading = Cookieを許可する場所
cookies-safari = iPhone・iPad: 「設定」→「アプリ」→「Safari」→「すべてのCookieをブロック」をオフにします。
cookies-chrome = Chrome・Edge: 「設定」→「プライバシー」→「Cookie」で、このサイトを許可します。
cookies-firefox = Firefox: アドレスの左にある盾のアイコンから、このサイトの保護をオフにします。
owner-heading = サービスの管理者の方へ
owner-explanation = 受け取った内容です。登録内容と照らし合わせてください。

## 受付コードの案内

troubleshoot-link = サインインでお困りの場合
troubleshoot-heading = サインインでお困りの場合
troubleshoot-intro = 先へ進めなかった画面には受付コードが表示されます。ここに入力すると、お伝えできる内容を表示します。
troubleshoot-hint = 「7K3M-9QTX-4」のような9文字です。O、I、Lは数字として読み取ります。
troubleshoot-button = 調べる
troubleshoot-mistyped = コードのどこかに書き間違いがあります（文字数が違うか、最後の文字がほかの文字と合いません）。画面ともう一度照らし合わせてください。
troubleshoot-answer = コード { $code }
troubleshoot-public = このブラウザーでは、このコードについてこれ以上お伝えできません。{ $desk }では確認できます。
troubleshoot-public-how = ご自身のコードの場合は、コードが表示されたブラウザーでこのページを開くか、ポータルにサインインしてください。ポータルにはサインインの履歴が理由とともに表示されます。
troubleshoot-slower = お使いのネットワークからの照会が続いたため、{ $wait }後にもう一度お試しください。
troubleshoot-place = 現在の接続場所: { $place }

## 送り出し

consent-heading = { $service }への情報の提供
consent-text = 許可すると、{ $service }は次の情報を受け取ります。
consent-values = 提供する内容を見る
consent-allow = 許可する
consent-deny = 許可しない
consent-later = ポータルでいつでも取り消せます。
consent-home = サービスのページ: { $address }
relay-heading = { $service }へ戻ります
relay-text = サインインしました。{ $service }が結果を待っています。
sign-out-heading = サインアウトの確認
sign-out-text = { $person }さんとしてサインインしています。サインアウトすると、このブラウザーのサインインはすべてのサービスについて終わります。
sign-out-text-service = { $person }さんとしてサインインしています。{ $service }からサインアウトの求めがありました。サインアウトすると、このブラウザーのサインインはすべてのサービスについて終わります。
sign-out-cancel = サインインしたままにする
signed-out-heading = サインアウトしました
signed-out-text = このブラウザーのサインインは終わりました。ほかの人も使うパソコンでは、ブラウザーも閉じてください。
signed-out-services = 次のサービスでは、しばらくサインインが残る場合があります。それぞれのサービスでもサインアウトしてください。
back-to-service = { $service }へ戻る
sign-in-again = もう一度サインインする

## サービスが受け取るもの

scope-openid = ご本人であること
scope-profile = 氏名とユーザー名
scope-email = メールアドレス
scope-affiliation = 組織での立場（学生、職員など）
scope-groups = 所属グループ
scope-offline-access = 不在の間の利用（取り消すまで）

## メールのコード

mail-code-send = { $address } にコードを送信する
mail-code-another = もう一度コードを送信する
mail-code-sent-at = { $time }に { $address } へ送信しました（{ $number }通目）。使えるのは最新のメールのコードだけで、{ $until }まで有効です。
mail-code-over = { $time }に送信したコードは、有効期間が過ぎています。新しいコードを送信してください。
mail-code-way-waiting = メールサーバーへ引き渡しているところです。
mail-code-way-accepted = { $time }にメールサーバーへ引き渡しました。届かない場合は、迷惑メールのフォルダーも確認してください。
mail-code-way-deferred = メールサーバーがまだ受け取っていません（{ $words }）。{ $time }にもう一度送信します。初回のメールを必ず待たせるサーバーもあります。
mail-code-way-deferred-soon = メールサーバーがまだ受け取っていません（{ $words }）。まもなくもう一度送信します。
mail-code-way-refused = メールサーバーに受け取りを断られました（{ $words }）。このアドレスには届きません。ほかの方法を使うか、ヘルプデスクにお問い合わせください。
mail-code-way-given-up = 有効期間内にメールを引き渡せませんでした（{ $words }）。もう一度送信するか、ほかの方法を使ってください。
mail-code-way-bounced = { $time }に、配達できずに戻ってきました（{ $words }）。いまはこのアドレスに届きません。ほかの方法を使うか、ヘルプデスクにお問い合わせください。
mail-code-look-again = メールの状況をもう一度確認する
mail-code-another-from = { $time }から、もう一度送信できます。
mail-code-where-to = ご自身で登録したアドレスを、一部だけ表示しています。サインインの途中では変更できません。

## 確認方法をなくしたとき

lost-proof-link = 手元にありません（{ $method }）
lost-proof-heading = { $method }が手元にない場合
lost-proof-others = 登録済みの、別の方法で続けられます。
lost-proof-none = ここで使える確認方法は、ほかに登録されていません。
lost-proof-else = そのほかにできること
lost-proof-desk = { $desk }にご連絡ください。本人確認のあと、なくしたものを使えなくし、新しく登録するためのチケットをお渡しします。
lost-proof-report = 別の方法でサインインできる場合は、アカウントのページの「なくしたものを届け出る」を開いてください。端末に入っていたものを、すぐに使えなくできます。
lost-proof-password = パスワードを知らない人は、なくした端末の認証アプリや証明書を使えません。パスワードも知られたおそれがあるときは、すぐにご連絡ください。
lost-proof-back = 見つかったので、サインインに戻る
