//! The mail server of the testbed: takes what waits, or says what a test tells it to say.

use sekimori_flow::{CodeLetter, Letter, Message};
use sekimori_store::{MailState, MailTold, MailWrite, Message as Waiting, Urgency, Write};

use crate::Testbed;

/// What the mail server says to a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It takes it.
    Accepts,
    /// It wants it later.
    Defers(&'static str),
    /// It refuses it for good.
    Refuses(&'static str),
}

impl Testbed {
    /// Everything that waits at the first organisation, codes first; it is handed over.
    pub async fn post(&self) -> Vec<Letter> {
        self.post_with(Delivery::Accepts).await
    }

    /// The same, with what the mail server says to codes. Notices are always taken.
    pub async fn post_with(&self, delivery: Delivery) -> Vec<Letter> {
        let (flow, tenant) = (&self.flow, self.tenant());
        let mut letters = Vec::new();
        for urgency in [Urgency::Urgent, Urgency::Ordinary] {
            let due = flow.store.outbox_due(tenant.id, self.now(), urgency, 60, 100).await;
            for waiting in due.expect("the database answers") {
                let letter = flow.open_letter(&tenant, waiting.id, &waiting.message);
                let letter = letter.expect("a letter of ours opens");
                self.tell(&waiting, &letter, delivery).await;
                letters.push(letter);
            }
        }
        letters
    }

    async fn tell(&self, waiting: &Waiting, letter: &Letter, delivery: Delivery) {
        let (store, tenant, now) = (&self.flow.store, self.first().id, self.now());
        let told = |person, state, words: &str| MailTold {
            person,
            state,
            at: now,
            next_at: (state == MailState::Deferred).then(|| now.plus_seconds(15)),
            server: "mail.example:25".to_owned(),
            words: words.to_owned(),
        };
        let done = match (letter, delivery) {
            (Letter::Notice(_), _) => store.outbox_done(tenant, waiting.id, None).await,
            (Letter::Code(code), Delivery::Accepts) => {
                let told = told(code.person, MailState::Accepted, "250 queued");
                store.outbox_done(tenant, waiting.id, Some(&told)).await
            }
            (Letter::Code(code), Delivery::Defers(words)) => {
                let told = told(code.person, MailState::Deferred, words);
                let next = now.plus_seconds(15);
                store.outbox_failed(tenant, waiting.id, next, words, Some(&told)).await
            }
            (Letter::Code(code), Delivery::Refuses(words)) => {
                let told = told(code.person, MailState::Refused, words);
                store.outbox_done(tenant, waiting.id, Some(&told)).await
            }
        };
        done.expect("the database answers");
    }

    /// The codes that wait; they are handed over, and notices with them.
    pub async fn codes(&self) -> Vec<CodeLetter> {
        let letters = self.post().await.into_iter();
        letters
            .filter_map(|letter| match letter {
                Letter::Code(code) => Some(code),
                Letter::Notice(_) => None,
            })
            .collect()
    }

    /// The one code that waits, as it stands in the mail.
    pub async fn mailed_code(&self) -> String {
        let codes = self.codes().await;
        assert_eq!(codes.len(), 1, "one code waits");
        codes[0].code.expose().clone()
    }

    /// As if the waits between codes by mail were over for somebody.
    pub async fn forget_mail_row(&self, name: &str) {
        let person = self.person(name).id;
        self.write(vec![Write::Mail(MailWrite::RowForget { person })]).await;
    }

    /// The notices that wait; they are handed over, and codes with them.
    pub async fn notices(&self) -> Vec<Message> {
        let letters = self.post().await.into_iter();
        letters
            .filter_map(|letter| match letter {
                Letter::Notice(notice) => Some(notice),
                Letter::Code(_) => None,
            })
            .collect()
    }
}
