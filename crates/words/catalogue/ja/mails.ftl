### メールによる通知（プレーンテキスト）。値が「何が起きたか」の段落。

mail-greeting = { $person } 様
mail-generic-method = もう一つの確認

mail-second-factor-failed =
    { $times ->
        [1] アカウント「{ $username }」の正しいパスワードが入力されましたが、続く確認（{ $method }）は一致しませんでした。サインインは行われていません。
       *[other] アカウント「{ $username }」の正しいパスワードのあと、確認（{ $method }）が一致しないことが1時間に{ $times }回ありました。以下はそのうちの1回です。
    }
    .subject = 【{ $organisation }】パスワードのあとの確認が一致しませんでした
mail-recovery-code-used =
    { $left ->
        [unknown] アカウント「{ $username }」のリカバリーコードが使われました。
        [0] アカウント「{ $username }」のリカバリーコードが使われました。残りはありません。ポータルで新しいコードを作成してください。
       *[other] アカウント「{ $username }」のリカバリーコードが使われました。残りは{ $left }個です。
    }
    .subject = 【{ $organisation }】リカバリーコードが使われました
mail-clock-suspected =
    パスワードは確認できましたが、{ $method }のコードは別の時刻のものでした。ご自身の操作であれば、スマートフォンの時計がずれている可能性があります。時刻の自動設定をオンにしてください。
    .subject = 【{ $organisation }】スマートフォンの時計がずれている可能性があります
mail-passkey-copied =
    アカウント「{ $username }」のパスキーが使われましたが、利用回数が前回より増えていませんでした。複製されている可能性があるため、サインインは行われていません。ポータルでこのパスキーを削除し、新しいものを登録してください。
    .subject = 【{ $organisation }】パスキーが複製されている可能性があります
mail-password-changed =
    アカウント「{ $username }」のパスワードが変更されました。
    .subject = 【{ $organisation }】パスワードが変更されました
mail-factor-added =
    アカウント「{ $username }」に新しい確認方法（{ $method }）が登録されました。
    .subject = 【{ $organisation }】新しい確認方法（{ $method }）が登録されました
mail-factor-removed =
    アカウント「{ $username }」から確認方法（{ $method }）が削除されました。
    .subject = 【{ $organisation }】確認方法（{ $method }）が削除されました
mail-factor-resumed =
    アカウント「{ $username }」で停止されていた確認方法（{ $method }）が、ふたたび使えるようになりました。
    .subject = 【{ $organisation }】停止されていた確認方法（{ $method }）が使えるようになりました
mail-preferences-changed =
    アカウント「{ $username }」で、サインインに使う確認方法の設定が変更されました。選ばれなかった方法は、登録されたままですが、サインインには使えません。
    .subject = 【{ $organisation }】使う確認方法の設定が変更されました
mail-loss-reported =
    アカウント「{ $username }」のページで、なくしたものが届け出られました。選ばれた確認方法、証明書、ほかのサインインは、すぐに使えなくなりました。内容はアカウントのページで確かめられます。
    .subject = 【{ $organisation }】なくしたものが届け出られました
mail-recovery-codes-made =
    アカウント「{ $username }」の新しいリカバリーコードが作成されました。これからは、このコードだけが使えます。
    .subject = 【{ $organisation }】新しいリカバリーコードが作成されました
mail-certificate-issued =
    アカウント「{ $username }」のクライアント証明書が発行されました。証明書のファイルとPINを持つ人は、学内Wi-Fiや証明書を求めるサービスで、ご本人として扱われます。心当たりがない場合は、下のリンクから失効させてください。
    .subject = 【{ $organisation }】クライアント証明書が発行されました
mail-certificate-revoked =
    アカウント「{ $username }」のクライアント証明書が失効しました。この証明書はもう使えず、元に戻すこともできません。
    .subject = 【{ $organisation }】クライアント証明書が失効しました

mail-when = 日時: { $at }
mail-where = 場所: { $place }
mail-by-desk = 操作: ヘルプデスク
mail-service = サインイン先: { $service }
mail-inside-with-password = このアカウントの最初の確認方法のため、学内ネットワークでパスワードだけを使って登録されました。
mail-was-me = ご自身の操作であれば、対応は必要ありません。
mail-was-not-me =
    心当たりがない場合は、次のページを開き、ボタンを押してください。
    { $url }
    ページを開くだけでは何も変わりません。
mail-was-not-asked-for =
    依頼した覚えがない場合は、次のページを開き、ボタンを押してください。
    { $url }
    ページを開くだけでは何も変わりません。
mail-desk = お問い合わせ: { $desk }
mail-signature =
    { $organisation }
    { $portal }

## サインインまたはアドレス登録のためのコード

mail-code-sign-in =
    アカウント「{ $username }」で{ $service }へのサインインが行われており、コードの送信が求められました。コードは次のとおりです。
    .subject = 【{ $organisation }】サインイン用のコード（{ $number }通目）
    .not-me = いまサインインしていない場合は、ほかの人があなたのパスワードを入力しています。コードを誰にも伝えず、パスワードを変更してください。 { $portal }
mail-code-registration =
    このアドレスを、サインイン用コードの送信先として登録する手続きが行われています。ご自身のアドレスであることを確認するため、次のコードを入力してください。
    .subject = 【{ $organisation }】アドレス確認用のコード（{ $number }通目）
    .not-me = 心当たりがない場合は、アドレスの入力誤りと思われます。コードが入力されなければ登録されませんので、対応は必要ありません。
mail-code-good =
    { $until }まで、コードを求めたブラウザーで一度だけ使えます。このメールは{ $number }通目です。使えるのは最新のものだけです。
mail-code-nobody-asks =
    入力するのは { $issuer } の画面だけです。電話やメールでコードをお尋ねすることはありません。このメールに返信されても確認できません。
mail-replaces-address = 以前に登録されていたアドレスに代わるものです。以前のアドレスには、今後コードを送信しません。
