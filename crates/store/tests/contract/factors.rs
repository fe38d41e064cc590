//! Factors: each code once, the epoch after each change.

use sekimori_base::PersonId;
use sekimori_directory::{Method, Preferences};
use sekimori_login::FactorState;
use sekimori_store::{Conflict, NewFactor, NewPasskey, Wanted, Write};

use crate::world::{NOW, World, cases, digest, new_factor, sealed};

cases! {
    a_step_is_spent_once_and_all_before_it;
    a_burned_step_is_never_accepted;
    a_recovery_code_is_spent_once;
    the_counter_of_a_passkey_grows_or_there_is_none;
    a_passkey_leads_to_its_person_and_is_nobody_elses;
    an_unfinished_factor_counts_only_when_a_code_was_shown;
    the_epoch_rises_with_every_change_of_password_or_factors;
    what_is_switched_off_is_not_ready_until_it_is_switched_on;
    everybody_is_read_page_by_page_with_what_a_sign_in_looks_at;
    what_was_dismissed_is_kept_of_the_person_alone;
    a_suspension_ends_by_itself;
    removing_the_last_factor_does_not_make_the_next_one_the_first;
    a_rehash_of_a_password_that_changed_meanwhile_does_nothing;
    new_recovery_codes_replace_the_old_ones;
}

async fn a_step_is_spent_once_and_all_before_it(world: World) {
    let person = world.somebody("taro").await.id;
    let factor = world.factor(person, Method::Totp).await;
    let spend = |step| vec![Write::SpendStep { person, factor, step }];
    world.commit(spend(100)).await.unwrap();
    assert_eq!(world.commit(spend(100)).await, Err(Conflict::StepSpent));
    assert_eq!(world.commit(spend(99)).await, Err(Conflict::StepSpent));
    world.commit(spend(101)).await.unwrap();
    let stored = world.stored(person).await;
    assert_eq!(stored.factors[0].last_step, Some(101));
    assert_eq!(stored.factors[0].facts.last_used_at, Some(NOW));
}

async fn a_burned_step_is_never_accepted(world: World) {
    let person = world.somebody("taro").await.id;
    let factor = world.factor(person, Method::Totp).await;
    let burn = Write::BurnStep { factor, step: 105 };
    world.commit(vec![burn.clone(), burn]).await.unwrap();
    let spend = |step| vec![Write::SpendStep { person, factor, step }];
    assert_eq!(world.commit(spend(105)).await, Err(Conflict::StepSpent));
    world.commit(spend(104)).await.unwrap();
    world.commit(spend(106)).await.unwrap();
}

async fn a_recovery_code_is_spent_once(world: World) {
    let person = world.somebody("taro").await.id;
    let factor = world.factor(person, Method::RecoveryCode).await;
    let spend = |index| vec![Write::SpendRecoveryCode { person, factor, index }];
    world.commit(spend(0)).await.unwrap();
    world.commit(spend(9)).await.unwrap();
    assert_eq!(world.commit(spend(0)).await, Err(Conflict::RecoveryCodeSpent));
    assert_eq!(world.commit(spend(10)).await, Err(Conflict::RecoveryCodeSpent), "there are ten");
    let stored = &world.stored(person).await.factors[0];
    assert_eq!((stored.facts.codes_left, stored.spent), (Some(8), 0b10_0000_0001));
}

/// A passkey of somebody, with this counter.
fn passkey(person: PersonId, counter: u32) -> NewFactor {
    let credential = digest();
    let passkey = Some(NewPasskey { credential, counter });
    NewFactor { passkey, ..new_factor(person, Method::Passkey, FactorState::Ready) }
}

async fn the_counter_of_a_passkey_grows_or_there_is_none(world: World) {
    let person = world.somebody("taro").await.id;
    let (counts, silent) = (passkey(person, 3), passkey(person, 0));
    let (counting, without) = (counts.id, silent.id);
    world.commit(vec![Write::FactorAdd(counts), Write::FactorAdd(silent)]).await.unwrap();
    let used =
        |factor, counter, secret| vec![Write::UsePasskey { person, factor, counter, secret }];
    assert_eq!(world.commit(used(counting, 3, None)).await, Err(Conflict::PasskeyUsed));
    world.commit(used(counting, 7, Some(sealed("copied")))).await.unwrap();
    for counter in [0, 6, 7] {
        assert_eq!(world.commit(used(counting, counter, None)).await, Err(Conflict::PasskeyUsed));
    }
    world.commit(used(counting, 8, None)).await.unwrap();
    for _ in 0..2 {
        world.commit(used(without, 0, None)).await.unwrap();
    }
    let stored = world.stored(person).await;
    let of = |id| stored.factors.iter().find(|found| found.facts.id == id).unwrap();
    assert_eq!((of(counting).last_step, of(counting).secret.bytes()), (Some(8), &b"copied"[..]));
    assert_eq!(of(without).secret.bytes(), b"secret", "nothing of it changed");
    assert_eq!(of(without).facts.last_used_at, Some(NOW));
    let suspend = Write::FactorSuspend { person, factor: counting, until: None };
    world.commit(vec![suspend]).await.unwrap();
    assert_eq!(world.commit(used(counting, 9, None)).await, Err(Conflict::PasskeyUsed));
}

async fn a_passkey_leads_to_its_person_and_is_nobody_elses(world: World) {
    let (taro, hana) = (world.somebody("taro").await.id, world.somebody("hana").await.id);
    let new = passkey(taro, 0);
    let credential = new.passkey.unwrap().credential;
    let again = NewFactor { person: hana, ..passkey(hana, 0) };
    let again = NewFactor { passkey: new.passkey, ..again };
    let factor = new.id;
    world.commit(vec![Write::FactorAdd(new)]).await.unwrap();
    assert_eq!(world.commit(vec![Write::FactorAdd(again.clone())]).await, Err(Conflict::Exists));
    let whose = |digest| {
        let wanted = Wanted { credential: Some(digest), ..Wanted::default() };
        let loaded = world.store.load(world.tenant, NOW, wanted);
        async { loaded.await.unwrap().person.map(|found| found.person.id) }
    };
    assert_eq!(whose(credential).await, Some(taro));
    assert_eq!(whose(digest()).await, None);
    world.commit(vec![Write::FactorRemove { person: taro, factor }]).await.unwrap();
    assert_eq!(whose(credential).await, None);
    world.commit(vec![Write::FactorAdd(again)]).await.unwrap();
    assert_eq!(whose(credential).await, Some(hana), "what is gone may be registered anew");
}

async fn an_unfinished_factor_counts_only_when_a_code_was_shown(world: World) {
    let person = world.somebody("taro").await.id;
    let new = new_factor(person, Method::Totp, FactorState::Unfinished);
    let factor = new.id;
    world.commit(vec![Write::FactorAdd(new)]).await.unwrap();
    let before = world.stored(person).await;
    assert!(!before.known.ever_had_factor);
    assert_eq!(before.known.credential_epoch, 1);
    world.commit(vec![Write::EpochIs { person, epoch: 1 }]).await.unwrap();
    let under_another = vec![Write::EpochIs { person, epoch: 0 }];
    assert_eq!(world.commit(under_another).await, Err(Conflict::EpochMoved));
    let spend = vec![Write::SpendStep { person, factor, step: 7 }];
    assert_eq!(world.commit(spend.clone()).await, Err(Conflict::StepSpent));
    let confirm = vec![Write::FactorConfirm { person, factor, step: Some(7) }];
    world.commit(confirm.clone()).await.unwrap();
    assert_eq!(world.commit(confirm).await, Err(Conflict::FactorMissing));
    assert_eq!(world.commit(spend).await, Err(Conflict::StepSpent), "the code that confirmed it");
    let after = world.stored(person).await;
    assert!(after.known.ever_had_factor);
    assert_eq!(after.known.credential_epoch, 2);
    assert_eq!(after.known.factors[0].state, FactorState::Ready);
}

async fn the_epoch_rises_with_every_change_of_password_or_factors(world: World) {
    let person = world.somebody("taro").await.id;
    let factor = world.factor(person, Method::Totp).await;
    let set = |from_epoch| Write::PasswordSet { person, record: "new".into(), from_epoch };
    assert_eq!(world.commit(vec![set(Some(1))]).await, Err(Conflict::EpochMoved));
    world.commit(vec![set(Some(2))]).await.unwrap();
    world.commit(vec![set(None)]).await.unwrap();
    assert_eq!(world.stored(person).await.known.credential_epoch, 4);
    world.commit(vec![Write::FactorSuspend { person, factor, until: None }]).await.unwrap();
    world.commit(vec![Write::FactorResume { person, factor }]).await.unwrap();
    world.commit(vec![Write::FactorRemove { person, factor }]).await.unwrap();
    assert_eq!(world.stored(person).await.known.credential_epoch, 6);
    let missing = world.commit(vec![Write::FactorRemove { person, factor }]).await;
    assert_eq!(missing, Err(Conflict::FactorMissing));
    assert_eq!(world.stored(person).await.known.credential_epoch, 6, "nothing was removed");
    world.commit(vec![Write::EpochRaise { person }]).await.unwrap();
    assert_eq!(world.stored(person).await.known.credential_epoch, 7);
}

async fn what_is_switched_off_is_not_ready_until_it_is_switched_on(world: World) {
    let person = world.somebody("taro").await.id;
    world.factor(person, Method::Totp).await;
    let epoch = world.stored(person).await.known.credential_epoch;
    let wants = |off: &[Method], first| {
        let preferences = Preferences::new(off.iter().copied(), first);
        vec![Write::PreferencesSet { person, preferences }]
    };
    world.commit(wants(&[Method::Totp], Some(Method::Passkey))).await.unwrap();
    let stored = world.stored(person).await;
    assert_eq!(stored.known.factors[0].state, FactorState::SwitchedOff);
    assert_eq!(stored.factors[0].facts, stored.known.factors[0]);
    assert_eq!(stored.known.preferences.first(), Some(Method::Passkey));
    assert_eq!(stored.known.credential_epoch, epoch + 1, "what counted before may not count now");
    world.commit(wants(&[], None)).await.unwrap();
    let stored = world.stored(person).await;
    assert_eq!(stored.known.factors[0].state, FactorState::Ready);
    assert!(stored.known.preferences.is_default());
    let nobody = PersonId::from_bytes([0xEE; 16]);
    let preferences = Preferences::default();
    let missing = world.commit(vec![Write::PreferencesSet { person: nobody, preferences }]).await;
    assert_eq!(missing, Err(Conflict::PersonMissing));
}

async fn a_suspension_ends_by_itself(world: World) {
    let person = world.somebody("taro").await.id;
    let factor = world.factor(person, Method::Totp).await;
    let until = Some(NOW.plus_seconds(60));
    world.commit(vec![Write::FactorSuspend { person, factor, until }]).await.unwrap();
    assert_eq!(world.stored(person).await.known.factors[0].state, FactorState::Suspended);
    let spend = vec![Write::SpendStep { person, factor, step: 1 }];
    assert_eq!(world.commit(spend.clone()).await, Err(Conflict::StepSpent));
    let later = NOW.plus_seconds(60);
    let stored = world.store.person(world.tenant, later, person).await.unwrap().unwrap();
    assert_eq!(stored.known.factors[0].state, FactorState::Ready);
    world.commit_at(later, spend).await.unwrap();
}

async fn removing_the_last_factor_does_not_make_the_next_one_the_first(world: World) {
    let person = world.somebody("taro").await.id;
    let factor = world.factor(person, Method::Totp).await;
    world.commit(vec![Write::FactorRemove { person, factor }]).await.unwrap();
    let stored = world.stored(person).await;
    assert!(stored.factors.is_empty() && stored.known.ever_had_factor);
}

async fn a_rehash_of_a_password_that_changed_meanwhile_does_nothing(world: World) {
    let person = world.somebody("taro").await.id;
    let rehash =
        |from: &str, to: &str| Write::PasswordRehash { person, from: from.into(), to: to.into() };
    world.commit(vec![rehash("other", "stale")]).await.unwrap();
    assert_eq!(world.stored(person).await.password.as_deref(), Some("record"));
    world.commit(vec![rehash("record", "better")]).await.unwrap();
    let stored = world.stored(person).await;
    assert_eq!(stored.password.as_deref(), Some("better"));
    assert_eq!(stored.known.credential_epoch, 1);
}

async fn new_recovery_codes_replace_the_old_ones(world: World) {
    let person = world.somebody("taro").await.id;
    let old = world.factor(person, Method::RecoveryCode).await;
    let mut new = new_factor(person, Method::RecoveryCode, FactorState::Ready);
    new.secret = sealed("new digests");
    world.commit(vec![Write::RecoveryCodesSet(new.clone())]).await.unwrap();
    let stored = world.stored(person).await;
    assert_eq!(stored.factors.len(), 1);
    assert_eq!(stored.factors[0].facts.id, new.id);
    assert_eq!(stored.factors[0].secret, sealed("new digests"));
    let spend = vec![Write::SpendRecoveryCode { person, factor: old, index: 1 }];
    assert_eq!(world.commit(spend).await, Err(Conflict::RecoveryCodeSpent));
}

async fn everybody_is_read_page_by_page_with_what_a_sign_in_looks_at(world: World) {
    let mut all = Vec::new();
    for number in 0..5 {
        all.push(world.somebody(&format!("person{number}")).await.id);
    }
    world.factor(all[3], Method::Totp).await;
    let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = world.store.everybody(world.tenant, NOW, after, 2).await.unwrap();
        for one in page.people {
            assert_eq!(one.stored, world.stored(one.stored.person.id).await);
            assert!(one.certificates.is_empty());
            seen.push(one.stored.person.id);
        }
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((seen, pages), (all, 3));
}

async fn what_was_dismissed_is_kept_of_the_person_alone(world: World) {
    let (taro, jiro) = (world.somebody("taro").await.id, world.somebody("jiro").await.id);
    let dismiss =
        |person| vec![Write::PromptDismiss { person, reason: "mfa.none_registered".to_owned() }];
    let before = world.stored(taro).await;
    world.commit(dismiss(taro)).await.unwrap();
    let dismissed = |person| world.store.prompt_dismissed(world.tenant, person);
    assert_eq!(dismissed(taro).await.unwrap().as_deref(), Some("mfa.none_registered"));
    assert_eq!(dismissed(jiro).await.unwrap(), None);
    assert_eq!(world.stored(taro).await, before, "nothing else changes");
    let nobody = PersonId::from_bytes([0xEE; 16]);
    assert_eq!(dismissed(nobody).await.unwrap(), None);
    assert_eq!(world.commit(dismiss(nobody)).await, Err(Conflict::PersonMissing));
}
