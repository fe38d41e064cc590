### ポータルとデモモード。

ending-soon = しばらく操作がなかったため、あと3分以内にサインインの期限が切れます。入力中の内容はそのまま残ります。
ending-for-good = サインインしてから時間がたったため、あと3分以内に期限が切れます。操作を終えるか、入力中の内容を控えてください。
ending-stay = サインインを続ける
ending-stayed = サインインを続けます。
ending-over = サインインの期限が切れました。入力した内容はまだこの画面に残っています。控えてから画面を読み込み直し、もう一度サインインしてください。
portal-navigation = ポータル
portal-overview = アカウント
portal-password = パスワード
portal-consents = 提供中の情報
portal-who = 登録内容
portal-name = 氏名
portal-mail = メールアドレス
portal-affiliation = 立場
portal-groups = グループ
portal-where = 現在の接続場所
portal-address = アドレス: { $address }
portal-services = サービス
portal-factors = 本人確認の方法
portal-password-changed = 変更
portal-change-password = パスワードを変更する
portal-add-passkey = パスキーを登録する
portal-add-totp = 認証アプリを登録する
portal-make-recovery-codes = リカバリーコードを作成する
portal-enter-ticket = 登録チケットを入力する
portal-sessions = サインイン中のブラウザー
portal-sessions-text = 心当たりのないものがある場合は、終了してからパスワードを変更してください。
portal-events = これまでの記録
portal-no-events = 記録はまだありません。

affiliation-faculty = 教員
affiliation-student = 学生
affiliation-staff = 職員
affiliation-alum = 卒業生・修了生
affiliation-member = 構成員
affiliation-affiliate = 関係者
affiliation-employee = 被雇用者
affiliation-library-walk-in = 図書館来館者

## 確認方法

factor-named = { $method }「{ $name }」
factor-registered = 登録
factor-binding = 登録の経緯
factor-last-used = 最後の利用
factor-never-used = まだ使われていません
factor-codes-left = 残り{ $number }個
factor-remove = 削除する
factor-remove-named = { $method }を削除する
factor-state-ready = 使えます
factor-state-unfinished = 登録途中
factor-state-suspended = 一時停止中
factor-state-switched-off = 使わない設定
factor-state-elsewhere = 他機関発行の可能性あり
binding-ticket = 登録チケットで登録
binding-letter = 郵送で受け取り
binding-other-factor = 別の確認方法を使って登録
binding-desk = 窓口で登録
binding-break-glass = 管理者用の緊急コード
binding-inside-with-password = 学内ネットワークでパスワードを使って登録
suggestion-register-first = 学外からの利用には、もう一つの確認が必要です。いまここで、2分ほどで登録できます。
suggestion-register-elsewhere = 学外からの利用にはもう一つの確認が必要ですが、まだ登録されていません。次のネットワークからは、パスワードだけで登録できます: { $networks }。{ $desk }で受け取った登録チケットがあれば、ここからも登録できます。
suggestion-register-with-ticket = 学外からの利用にはもう一つの確認が必要ですが、使えるものが登録されていません。{ $desk }で登録チケットを受け取り、登録してください。
suggestion-make-recovery-codes = サインインに使うものをなくしても、リカバリーコードがあればサインインできます。いま作成して、紙で保管してください。
suggestion-few-recovery-codes = リカバリーコードが残り少なくなっています。使えるうちに新しいコードを作成してください。
suggestion-dismiss = 了解しました（今後は表示しない）
suggestion-later = あとで（30日後にもう一度表示）

## サインインと履歴

session-this-one = この画面
session-browser-unknown = ブラウザー
session-opened = サインイン
session-used = 最後の利用
session-end = 終了する
session-end-which = （{ $place }）
session-end-others = ほかをすべて終了する
event-when = 日時
event-what = 内容
event-service = サービス
event-where = 場所
event-admitted = サインインしました
event-refused = サインイン未完了
event-not-registered = 登録未完了
event-left-off = パスワードは一致しましたが、続きは行われていません
event-viewed = ヘルプデスクがアカウントの内容を確認しました
event-ticket-made = チケットが発行されました
event-unlocked = ヘルプデスクが待ち時間を解除しました
event-break-glass-made = 管理者用の緊急コードが発行されました
event-session-ended = サインインを終了しました
event-session-ended-by-desk = ヘルプデスクがサインインを終了しました
event-person-changed = 登録内容が変更されました
event-not-me = 「心当たりがない」のボタンが押されました
event-older = さらに前の記録

## 結果

done-password-changed = パスワードを変更しました。
done-totp-registered = 認証アプリを登録しました。
done-recovery-codes-made = 新しいリカバリーコードが使えるようになりました。これからは、このコードだけが使えます。
done-factor-removed = 確認方法を削除しました。
done-preferences-chosen = 設定を保存しました。
done-loss-reported = 選んだものを終了しました。このブラウザーではサインインしたままです。
done-session-ended = そのサインインを終了しました。
done-others-ended = ほかのサインインをすべて終了しました。
done-consent-withdrawn = このサービスへの情報の提供を取り消しました。
done-passkey-registered = パスキーを登録しました。これからは、パスワードを使わずにサインインできます。
done-passkeys-full = パスキーは10個まで登録できます。新しく追加する前に、使わないものを削除してください。
done-passkey-renamed = パスキーの名前を変更しました。
done-apps-full = 認証アプリは5つまで登録できます。新しく追加する前に、使わないものを削除してください。

## パスワード

change-password-heading = パスワードの変更
change-password-button = パスワードを変更する
change-password-end-others = ほかのブラウザーのサインインを終了する
new-password-label = 新しいパスワード
password-rule-length = { $minimum }文字以上。空白も数えます。いくつかの言葉を並べた文がおすすめです。
password-rule-kinds = 文字の種類の決まりや、定期的な変更はありません。
password-rule-words = よく使われるパスワードの一覧にあるものは設定できません。
password-rule-own = ご自身の氏名やユーザー名、組織に関する言葉だけのものは設定できません。
password-too-short = このパスワードは{ $length }文字です。{ $minimum }文字以上必要ですので、言葉を一つ二つ加えてください。
password-too-long = ここで設定できる長さを超えています。別の内容を貼り付けていないか確認してください。
password-common = 最初に試されるパスワードの一覧にあるか、それを少し変えたものです。互いに関係のない言葉をいくつか並べると強くなります。
password-pattern = 繰り返し、キーの並び、日付などは早い段階で試されます。互いに関係のない言葉をいくつか並べると強くなります。
password-organisation-word = 組織に関する言葉だけのパスワードは早い段階で試されます。ほかの人が思いつかない言葉を加えてください。
password-person-word = ご自身の氏名やユーザー名だけのパスワードは早い段階で試されます。ご自身と関係のない言葉を選んでください。

## 認証アプリ

totp-heading = 認証アプリの登録
totp-step-app = アプリを開く
totp-step-app-text = ワンタイムコードを表示できるアプリなら、スマートフォンでもパソコンでも使えます。多くのパスワード管理アプリも対応しています。
totp-step-scan = 画像を読み取る
totp-qr = 認証アプリ用のQRコード
totp-open-app = この端末のアプリで開く
totp-secret-text = 読み取れない場合は、次のキーを手で入力してください（時間ベース、6桁）。
totp-step-code = アプリに表示されたコードを入力する
totp-code-hint = この入力で登録が終わります。
totp-button = 登録を完了する
totp-code-refused = まだ登録していません。アプリに今追加した、いちばん新しい項目のコードと見比べてください。

## パスキー

register-passkey-heading = パスキーの登録
register-passkey-text = パスキーがあれば、パスワードの代わりに、指紋・顔・PINやセキュリティキーでサインインできます。このアドレスでしか応答しないため、偽のページにだまし取られることがありません。パスキーは端末やパスワード管理アプリに保管されます。
register-passkey-next = このあとブラウザーの画面で、パスキーの保管先の選択と、ご本人の確認を求められます。サインインのときに手元にあるものを選んでください。
register-passkey-button = パスキーを登録する
register-passkey-no-script = パスキーの登録にはJavaScriptが必要ですが、このブラウザーではオフになっています。このサイトについてオンにして画面を読み込み直すか、代わりに認証アプリを登録してください。
register-passkey-no-support = このブラウザーではパスキーを作成できません。新しいブラウザーを使うか、代わりに認証アプリを登録してください。
register-passkey-cancelled = ブラウザーの画面が閉じられたため、パスキーは作成されませんでした。何も変わっていませんので、いつでもやり直せます。
register-passkey-timeout = 待ち時間が過ぎたため、パスキーは作成されませんでした。何も変わっていませんので、いつでもやり直せます。
register-passkey-known = このアカウントのパスキーは、すでにそこに保管されています。別の端末やパスワード管理アプリを選ぶか、登録済みのものを使ってください。
register-passkey-unfit = 選ばれた保管先では、持ち主の確認を伴うパスキーを作成できません。先にPIN・指紋・顔のいずれかを設定するか、別の端末を選んでください。
register-passkey-wrong-address = このアドレスでは、ブラウザーがパスキーの作成を許可していません。通常のブラウザーの画面で、いつものアドレスからポータルを開いてください。
register-passkey-not-usable = ブラウザーがパスキーを作成できませんでした。何も変わっていません。もう一度試すか、別の端末を選んでください。
register-passkey-refused = ブラウザーから届いた内容を受け付けられなかったため、登録していません。画面を開いてから時間がたった可能性があります。もう一度お試しください。
register-app-instead = 代わりに認証アプリを登録する
register-passkey-instead = 代わりにパスキーを登録する
passkey-rename = 名前を変更する
passkey-rename-named = { $name }の名前を変更する
passkey-rename-heading = パスキーの名前
passkey-rename-label = 名前
passkey-rename-hint = ご自身で見分けられる名前にしてください（例: 仕事用のノートパソコン）。60文字まで使えます。
passkey-rename-button = 名前を保存する

## リカバリーコード

recovery-heading = リカバリーコード
recovery-text = 表示されるのは今回だけです。スマートフォンが手元にないとき、一つのコードで一度サインインできます。印刷または保存してパソコンとは別の場所に保管し、最後にボタンを押してください。押した時点から使えるようになります。
recovery-download = ファイルに保存する
recovery-print = 印刷する
recovery-print-hint = この画面は印刷することもできます。
recovery-saved = 保存しました
recovery-file = recovery-codes.txt
recovery-file-note = 一つのコードは一度だけ使えます。大切な書類と同じ場所に保管してください。

## 削除

remove-heading = { $method }の削除
remove-button = { $method }を削除する
remove-others-left = 学外から使える確認方法はほかにもあります。
remove-nothing-left = これが最後の確認方法です。削除すると学外からサインインできなくなり、再登録には窓口で受け取る登録チケットが必要になります。
remove-recovery-codes-left = 削除すると、残るのはリカバリーコードだけです。早めに別の方法を登録してください。

## 登録チケット

ticket-heading = 登録チケットの入力
ticket-text = チケットがあれば、どこからでも確認方法を登録できます。郵送または{ $desk }で受け取れ、一度だけ使えます。
ticket-label = チケット
password-ticket-link = 初めての方、パスワードを忘れた方（チケットでパスワードを設定）
password-ticket-heading = チケットでパスワードを設定
password-ticket-text = 手紙の初期パスワード、または{ $desk }で受け取ったチケットを使って、ご自分のパスワードを設定します。設定したパスワードは、ほかの誰にも知られません。
password-ticket-label = チケットまたは初期パスワード
new-password-ticket-heading = パスワードの設定
new-password-ticket-text = チケットを確認できました。これからサインインに使うパスワードを決めてください。
new-password-ticket-button = このパスワードを設定する
ticket-code-label = 認証アプリのコードまたはリカバリーコード
ticket-code-hint = このアカウントには確認方法が登録されているため、チケットだけではパスワードを変更できません。
ticket-hint = 印刷されたとおりに入力してください。空白、ハイフン、大文字・小文字は区別しません。

## 同意

consents-text = ご本人の同意により、次のサービスに情報を提供しています。
consents-none = 同意により情報を提供しているサービスはありません。
consents-given = 同意
consents-withdraw = 取り消す

## 心当たりがない場合

not-me-heading = 心当たりがありませんか
not-me-what = 内容
not-me-suspends = 心当たりがない場合は、ボタンを押してください。新しく加わったものを一時停止し、すべてのサインインを終了します。以前からあるものはそのままです。
not-me-suspends-passkey = 心当たりがない場合は、ボタンを押してください。このパスキーを一時停止し、すべてのサインインを終了します。ほかのものはそのままです。
not-me-ends = 心当たりがない場合は、ボタンを押してください。すべてのブラウザーのサインインを終了し、発行済みのチケットや途中の手続きも使えなくします。パスワードと確認方法は、いまの状態のままです。
not-me-revokes = 心当たりがない場合は、ボタンを押してください。新しい証明書を失効させ（元には戻せません）、すべてのサインインを終了します。以前からあるものはそのままです。
not-me-button = 心当たりがない
not-me-was-me = ご自身の操作であれば、このページを閉じてください。何も変わりません。
not-me-suspended-heading = 一時停止しました
not-me-suspended = ご連絡ありがとうございます。新しく加わったものは使えなくなり、すべてのサインインを終了しました。
not-me-suspended-passkey = ご連絡ありがとうございます。このパスキーは使えなくなり、すべてのサインインを終了しました。
not-me-revoked-heading = 証明書を失効させました
not-me-revoked = ご連絡ありがとうございます。新しい証明書は使えなくなり、すべてのサインインを終了しました。
not-me-ended-heading = すべてのサインインを終了しました
not-me-ended = ご連絡ありがとうございます。ここでのサインインはすべて終了しました。サービスによっては、しばらくサインインが残ることがあります。パスワードと確認方法は変わっていません。
not-me-next-new = 続けてパスワードを変更してください。その後のことは{ $desk }がご案内します。
not-me-next-password = ほかの人が設定したパスワードは、まだ使える状態です。すぐに{ $desk }にご連絡ください。窓口で受け取るチケットで、新しいパスワードを設定できます。
not-me-next-known = パスワードがほかの人に知られています。いますぐサインインしてパスワードを変更し、同じものを使っているほかのサービスでも変更してください。まだ気になる点がある場合は{ $desk }にご連絡ください。
not-me-next-code = リカバリーコードがほかの人の手に渡っています。サインインしてパスワードを変更し、新しいリカバリーコードを作成してください。以前のコードは使えなくなります。{ $desk }にもご連絡ください。
not-me-next-passkey = 別の方法でサインインし、このパスキーを削除して、新しく登録してください。その後のことは{ $desk }がご案内します。
not-me-next-removed = 削除された確認方法は元に戻りません。すぐに{ $desk }に連絡し、パスワードを変更してから、確認方法をもう一度登録してください。
not-me-over-heading = このリンクは使い終わっています
not-me-over = すでに使われたか、期限が過ぎています。まだ気になる点がある場合は{ $desk }にご連絡ください。
notice-second-factor-failed = パスワードのあとの確認が一致しませんでした
notice-recovery-code-used = リカバリーコードが使われました
notice-clock-suspected = 別の時刻のコードが入力されました
notice-passkey-copied = パスキーの利用回数が増えていません（複製の可能性）
notice-password-changed = パスワードが変更されました
notice-factor-added = 確認方法が登録されました
notice-factor-removed = 確認方法が削除されました
notice-factor-resumed = 停止されていた確認方法が、ふたたび使えるようになりました
notice-recovery-codes-made = 新しいリカバリーコードが作成されました

## デモモード

demo-strip-label = デモ
demo-strip-network = デモ: 「{ $network }」にいることにしています
demo-strip-real = デモ: 実際の接続場所を使っています
demo-strip-change = 場所を変える
demo-strip-mails = 送信メール
demo-strip-codes = 認証アプリのコード
demo-networks-heading = どこにいることにしますか
demo-networks-text = サインインの決まりは接続場所によって変わります。場所を選んでから、サービスにサインインしてみてください。
demo-networks-legend = ネットワーク
demo-networks-button = この場所にする
demo-inside = 学内
demo-outside = 学外
demo-mails-heading = 送信メール
demo-mails-text = 送られるはずだったメールです。このパソコンの外には送信されません。
demo-mails-none = まだありません。パスワードの変更などで届きます。
demo-codes-heading = 認証アプリに表示されているコード
demo-codes-text = デモの利用者はスマートフォンを持っていないため、認証アプリの画面をここに表示しています。コードは30秒ごとに変わり、それぞれ一度だけ使えます。QRコードをお手持ちのアプリで読み取って試すこともできます。
demo-codes-left = あと{ $seconds }秒使えます
demo-codes-whose = { $username }さんの認証アプリ
demo-codes-next = 現在のコードを表示する
demo-service-text = このページは、組織のサービスの見本です。
demo-service-sign-in = サインイン
demo-service-sign-in-strong = 場所にかかわらず、二つの確認でサインインする
demo-service-received = サインインしました。サービスが受け取った内容です。
demo-service-error = サービスが受け取った内容:

## コードを受け取るアドレス

portal-add-mail-code = コードを受け取るアドレスを登録する
portal-replace-mail-code = コードを受け取るアドレスを変更する
factor-mail-came-back = { $address } に最後に送信したコードは、配達できずに戻ってきました。いまは、このアドレスにメールが届きません。別のアドレスを登録するか、このアドレスがまだ使えるか確認してください。
factor-not-taken-here = 現在は使えません（メールのコードは、ここでは利用していません）
register-mail-heading = コードを受け取るアドレスの登録
register-mail-text = 学外からサインインするときに、登録したアドレスへコードを送信できます。このサインインがなくても読める、組織の外のメールアドレスを登録してください。そうでないと、届いたコードを読むことができません。メールのコードは確認方法の中で最も弱く、受け付けないサービスもあります。認証アプリやパスキーのほうが安全です。
register-mail-replaces = 現在の { $address } に代わって登録されます。
register-mail-address-label = メールアドレス
register-mail-address-hint = 個人で契約しているメールや携帯電話会社のメールなどです。まず確認用のコードを送信します。
register-mail-send = コードを送信する
register-mail-code-heading = メールのコードを入力してください
register-mail-code-text = { $address } にコードを送信しました。入力すると登録が完了します。
register-mail-complete = 登録を完了する
register-mail-code-refused = まだ登録していません。いちばん新しいメールのコードと、1桁ずつ見比べてください。
register-mail-other-address = 別のアドレスを使う
register-mail-instead = 代わりにメールでコードを受け取る
done-mail-code-registered = アドレスを登録しました。これからは、サインインのときにこのアドレスへコードを送信できます。
binding-mail-code = メールのコードで確認して登録

## クライアント証明書

certificates-heading = クライアント証明書
certificates-text = クライアント証明書は、学内Wi-Fiや証明書を求めるサービスに、ご本人の端末であることを示すためのものです。
certificates-sign-in = ここでのサインインでは、パスワードの次の確認に使えます。サインインの途中で「証明書を使う」を選んでください。
certificates-none = 証明書はありません。
certificate-name = 証明書
certificate-state-good = 有効
certificate-state-revoked = 失効
certificate-state-expired = 期限切れ
certificate-issued = 発行
certificate-by-desk = 窓口で発行
certificate-until = 有効期限
certificate-revoked = 失効
certificate-serial = シリアル番号
certificate-serial-decimal = シリアル番号（10進）
certificate-revoke = 失効させる
certificate-revoke-named = 失効させる: { $name }
certificate-get = 証明書を発行する
certificate-full =
    { $number ->
        [one] 有効な証明書が1枚あり、同時に持てるのは1枚までです。新しく発行するには、先に失効させてください。
       *[other] 有効な証明書が{ $number }枚あり、これ以上は持てません。新しく発行するには、先にどれかを失効させてください。
    }
certificate-not-for-you = このアカウントには証明書を発行できません。必要な場合は、窓口にお問い合わせください。
certificate-done-saved = ファイルとPINはここには残っていません。なくした場合は、証明書を失効させて、新しく発行してください。
certificate-done-revoked = 証明書を失効させました。
certificate-done-failed = 証明書を発行できませんでした。窓口にお知らせください。
certificate-get-text = 鍵と証明書の入ったファイルと、それを開くPINをお渡しします。有効期間は{ $number }か月です。端末ごとに1枚ずつ使うと、なくした端末の分だけを失効させられます。
certificate-label = 端末
certificate-label-hint = 「研究室のノートPC」など、あとで見分けられる名前を付けてください。空欄でもかまいません。
certificate-issue = 発行する
certificate-file-heading = 証明書ができました
certificate-file-text = ファイルを保存し、PINを控えてください。ここに残るのは最長10分です。そのあとは、誰にも表示できません。
certificate-pin = ファイルのPIN
certificate-pin-text = ハイフンも含めて、表示のとおりに入力してください。ファイルと同じ場所には置かないでください。
certificate-download = ファイルを保存する
certificate-import = 使う端末でファイルを開き、パスワードを求められたらPINを入力します。ご自分の端末だけに取り込み、共用の端末には取り込まないでください。
certificate-guide = ファイルを端末に取り込む手順を見る
certificate-test = 今すぐ試す：学外にいるつもりで、ここから証明書でサインインする
certificate-saved = 両方とも保存しました
certificate-revoke-heading = この証明書を失効させますか？
certificate-revoke-text = 数分のうちにどこでも使えなくなり、元には戻せません。端末をなくした、手放した、またはファイルとPINがほかの人に知られた可能性がある場合に行ってください。
certificate-revoke-button = 証明書を失効させる
notice-certificate-issued = クライアント証明書が発行されました
notice-certificate-revoked = クライアント証明書が失効しました
not-me-next-certificate-issued = 続けてパスワードを変更し、ほかに心当たりのないものがないか、アカウントのページで確かめてください。その後のことは{ $desk }がご案内します。
not-me-next-certificate-revoked = 失効した証明書は元に戻りません。アカウントのページで新しく発行してください。そのほかのことは、{ $desk }がお手伝いします。
portal-certificates = クライアント証明書
certificate-done-certified = 鍵の証明書を発行しました。下の一覧から証明書を取得し、鍵と一緒に保管してください。
certificate-renew = 更新する
certificate-renew-named = 更新する: { $name }
certificate-renew-heading = 証明書を更新する
certificate-renew-stays = 新しいファイルと新しいPINをお渡しします。これまでの証明書は期限まで使えますので、急ぐ必要はありません。新しい証明書を取り込んで使えることを確かめてから、古いものを失効させてください。
certificate-renew-replaced = 新しいファイルと新しいPINをお渡しします。持てる枚数に達しているため、新しい証明書が発行された時点で、これまでの証明書は使えなくなります。端末が手元にあるときに行ってください。
certificate-document = 証明書（鍵を含まないPEM形式）
certify-instead = 自分の鍵を使う（証明書署名要求（CSR）がある方）
certify-heading = 自分の鍵の証明書を発行する
certify-text = 鍵をご自分で作る方のためのページです。鍵は手元に残り、こちらに送るのは署名要求だけです。署名要求から使うのは公開鍵のみで、証明書には、要求の内容にかかわらずご自分のユーザー名が記載されます。有効期間は{ $number }か月です。
certify-how = 次のコマンドで、鍵と署名要求を作成できます。key.pem は手元に保管し、request.pem だけを送ってください。
certify-request = 署名要求（CSR）
certify-request-hint = -----BEGIN CERTIFICATE REQUEST----- の行から -----END CERTIFICATE REQUEST----- の行まで、すべて貼り付けてください。
certify-file = またはファイルを選ぶ
request-flaw-none = 証明書の署名要求ではありません。
request-flaw-none-hint = 署名要求の全文を、最初の行から最後の行まで貼り付けてください。
request-flaw-long = 署名要求としては長すぎます。
request-flaw-private-key = 署名要求ではなく、秘密鍵が送られました。こちらには保存していません。
request-flaw-private-key-hint = この鍵は一度手元を離れました。新しい鍵を作って手元に保管し、署名要求だけを送ってください。
request-flaw-key = 署名要求は読み取れましたが、この種類の鍵には証明書を発行できません。
request-flaw-key-hint = P-256またはP-384の鍵か、2048～4096ビットのRSA鍵をお使いください。
request-flaw-not-proven = 署名要求が、その鍵で署名されていません。
request-flaw-not-proven-hint = 途中で内容が変わったか、SHA-1で署名された可能性があります。SHA-256で作り直してください。

## 自宅からサインインできるか

rehearsal-heading = 自宅からサインインできますか
rehearsal-text = いまの登録内容と正しいパスワードでサインインした場合の結果を、場所ごとに示します。実際のサインインとまったく同じ判断によるものです。この画面を見ても、何も変わりません。
rehearsal-from-home = 自宅など、学外から
rehearsal-from = { $place }から
rehearsal-here = 現在の場所
rehearsal-admitted = パスワードだけでサインインできます。
rehearsal-asked = パスワードともう一つの確認でサインインできます。
rehearsal-unable = サインインできません。パスワードのほかに、もう一つの確認が必要です。
rehearsal-refused = どの方法でもサインインできません。
rehearsal-why-none = まだ何も登録されていません。
rehearsal-why-none-left = 登録していたものは、削除されたか使い切られています。
rehearsal-why-unfinished = 登録が途中のままなので、まだ使えません。
rehearsal-why-suspended = 「心当たりがない」との連絡があり、登録済みのものは一時停止中です。
rehearsal-why-switched-off = その場所で使える方法は、使わない設定にされています。
rehearsal-why-not-allowed = 登録済みの方法は、その場所からは使えません。
rehearsal-why-level = 登録済みの方法では、求められる強さに届きません。
rehearsal-why-not-from-there = 組織の方針により、その場所からはどなたも利用できません。
rehearsal-would-do = 使えます
rehearsal-not-accepted = その場所からは使えません
rehearsal-register = いまここで登録できます。次のどれか一つで足ります。
rehearsal-above = 上に示した方法は、ここでも使えます。
rehearsal-register-there = パスワードだけで登録できるのは、次のネットワークからです: { $networks }。{ $desk }の登録チケットがあれば、ここからでも登録できます。
rehearsal-register-ticket = 登録にはチケットが必要です。{ $desk }で発行しています。
rehearsal-ask-desk = ご自身で登録できる方法では足りません。{ $desk }にご相談ください。
rehearsal-apart = 結果が異なるサービス
rehearsal-service = { $service }: { $verdict }
rehearsal-with = 使えるもの: { $factors }
rehearsal-try = 実際に試す
rehearsal-only-there = いまの場所からは試せません。その場所で使える方法が、いまの場所では使えないため、試してもサインインできません。
rehearsal-try-hint = 「実際に試す」では、いまいる場所から、その場所で求められる確認をすべて行ってサインインします。
rehearsal-note = サービスによっては、場所にかかわらず、これより多くの確認を求めることがあります。
rehearsed-heading = サインインできます
rehearsed-text = いま確認した内容で、次の場所からもサインインできます: { $place }
rehearsed-shown = 確認した内容
rehearsed-again = 場所の一覧に戻る

## 使う確認方法

portal-preferences = 使う確認方法を選ぶ
preferences-heading = 使う確認方法
preferences-text = もう一つの確認が必要なときは、ここで選んだ方法だけが使えます。選ばなかった方法の登録は残りますが、ご本人を含め、だれもその方法ではサインインできません。
preferences-use-legend = 使う方法
preferences-codes = リカバリーコードはいつでも使えます。ほかの方法をすべて失ったときのためのものです。
preferences-first-legend = 最初に表示する方法
preferences-first-remembered = 同じブラウザーで前回使った方法
preferences-save = この設定を保存する
preferences-none = 選べる確認方法がまだありません。先に、認証アプリやパスキーなどを登録してください。
preferences-closed = { $place }から{ $service }にサインインできなくなります。
preferences-closed-level = { $service }が強い確認を求めたときに、サインインできなくなります（接続場所：{ $place }）。
notice-preferences-changed = 使う確認方法の設定が変更されました
not-me-next-preferences-changed = サインインしてパスワードを変更し、アカウントのページの「使う確認方法」を確かめてください。サインインできなくなっている場合は、{ $desk }で設定を元に戻せます。

## なくしたとき

portal-lost = なくしたものを届け出る
lost-heading = 何をなくしましたか
lost-text = なくしたスマートフォン、セキュリティキー、パソコンなどに入っていたものを選んでください。選んだものはすぐに、どこでも使えなくなり、メールでもお知らせします。
lost-nothing = 終了できる確認方法、証明書、ほかのサインインはありません。
lost-factors = 確認方法
lost-asks-proof = 確認方法を終了するには、先に別の確認方法が必要です。証明書とサインインはすぐに終了します。続けて確認を行い、終了する確認方法をもう一度選んでください。
lost-sessions =
    { $number ->
       *[other] ほかのブラウザーでのサインイン（{ $number }件）をすべて終了する
    }
lost-warning = 終了したものは元に戻りません。確認方法が一つも残らない場合、登録し直すには窓口での手続きが必要です。
lost-button = 選んだものを終了する
notice-loss-reported = なくしたものが届け出られ、使えなくなりました
not-me-next-loss-reported = 終了したものは元に戻りません。すぐに{ $desk }へ知らせ、パスワードを変更し、確認方法を登録し直してください。
