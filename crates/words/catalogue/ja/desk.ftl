### ヘルプデスクの画面。電話口や窓口で対応している担当者が読みます。

desk-heading = ヘルプデスク
desk-intro = 検索は記録されます。本人の画面や受付コードの内容を開くと、ヘルプデスクが確認したことが本人のアカウント画面にも表示されます。
desk-search-label = 調べたい人、またはコード
desk-search-hint = 受付コード、ユーザー名、氏名、メールアドレス、証明書のシリアル番号のいずれかを入力してください。
desk-search-button = 調べる
desk-found = 「{ $text }」の検索結果
desk-found-none = 担当範囲の中に該当する人はいません。つづりを確かめるか、画面に表示された受付コードを聞いてください。
desk-found-too-many = 該当する人が多すぎるため、すべては確認できません。ユーザー名の全体、氏名のより多くの部分、または画面に表示された受付コードを入力してください。
desk-found-more = ほかにも該当する人がいます。氏名をもう少し詳しく入力してください。
desk-search-again = 別の人を調べる
desk-back-person = { $name }さんに戻る

## 人

desk-other-name = 氏名（英語）
desk-state = アカウントの状態
desk-state-active = 使えます
desk-state-not-yet = { $moment }から使えます
desk-state-ended = { $moment }に終了しました
desk-state-disabled = { $moment }から停止中です
desk-state-held = { $moment }から保留中です。パスワードを他人に知られた可能性があります。本人だと確かめるまで、このことを伝えないでください。
desk-role = 権限
desk-role-staff = ヘルプデスクの担当者
desk-role-administrator = 管理者
desk-see-only = 閲覧だけができます。相手の権限が自分より下ではないため、変更はできません。
desk-outlook-heading = サインインできるか
desk-outlook-text = 現在の規則で、正しいパスワードを使ってアカウント画面に入る場合です。
desk-outlook-yes = できます
desk-outlook-no = できません: { $why }
desk-waits-heading = 入力の誤りによる待ち時間
desk-waits-none = 初めてのブラウザーについてはありません。
desk-wait = { $what }（{ $side ->
        [inside] 学内
       *[outside] 学外
    }）: 連続{ $failures }回の誤り
desk-wait-until = { $moment }まで受け付けません。
desk-wait-closed = 本日は受け付けません。
desk-guess-password = パスワード
desk-guess-totp = 認証アプリのコード
desk-guess-mail-code = メールのコード
desk-guess-recovery-code = リカバリーコード
desk-guess-ticket = 登録チケット
desk-guess-password-ticket = パスワード用のチケット
desk-factors-heading = 登録されている確認方法
desk-password-none = パスワードは未設定です。チケットを使って始めます。
desk-factors-none = パスワードのほかにはありません。
desk-factor-switched-off = 本人が使わない設定にしています
desk-certificates-heading = 証明書
desk-sessions-heading = サインイン中のブラウザー
desk-sessions-none = ありません。
desk-events-heading = これまでの記録
desk-events-text = 本人が読む内容に、ヘルプデスクだけが知ることのできる理由を加えています。
desk-explain = 理由を見る
desk-explain-which = （{ $code }）

## 受付コードの記録

desk-incident-unknown = このコードについての記録はありません
desk-incident-unknown-text = 発行されていないコードか、保存期間が過ぎたコードか、担当範囲にない人のコードです。もう一度読み上げてもらってください。
desk-incident-who = 対象
desk-incident-nobody = 該当する人は分かりません
desk-incident-reason = 理由
desk-incident-rule = 判定した規則
desk-incident-again = 再判定
desk-replay-same = 同じ理由になります
desk-replay-broken = 同じ規則で別の理由になりました。不具合として報告してください。
desk-replay-differently = 現在の規則では別の結果になります
desk-replay-unreadable = できません。記録が現在の規則より古い形式です。
desk-replay-unknown = できません。当時の設定はもう保存されていません。
desk-incident-text-heading = 本人向けの説明
desk-changes-heading = 何があればサインインできたか
desk-changes-none = 一つの変更だけでサインインできたものはありません。
desk-change-right-password = 正しいパスワード
desk-change-fresh-code = 未使用の正しいコード（{ $method }）
desk-change-registered-factor = 登録済みの確認方法（{ $method }）
desk-change-inside-zone = パスワードだけで入れる場所からの接続
desk-change-usable-account = 使える状態のアカウント
desk-change-group = グループ { $group } への所属
desk-change-wait = { $moment }まで待つこと
desk-change-enabled-service = 提供中のサービス
desk-change-start-over = 最初からのやり直し
desk-mails-heading = 前後に送ったメールのコード
desk-facts-summary = 判定に使ったすべての情報
desk-facts-gone = 判定に使った情報は、もう保存されていません。
desk-fault = こちらの不具合です。詳しくは、このコードでサーバーのログを確認してください。
desk-request-heading = サービスが送った内容
desk-request-problem = 問題点
desk-request-client = client_id
desk-request-sent = 送られた戻り先
desk-request-registered = 登録されている戻り先
desk-request-differs = 違いが始まる文字の位置
