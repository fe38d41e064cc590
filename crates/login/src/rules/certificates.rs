//! What a certificate does, through all rules: the one more proof, never the first, and no guess.

use sekimori_directory::settings::Requirement;
use sekimori_directory::{Binding, Method};

use crate::rules::tables::{kinds, step};
use crate::samples::{
    CERTIFICATE, NOW, app, at_second_step, calm, certificate, checked, code_of, codes, hana_with,
    no_wait, nobody, password, policy, policy_with, proven, sent,
};
use crate::{
    Assurance, AssuranceDemand, AttemptFacts, CertificateRefusal, Check, Demand, FactorFacts,
    FactorState, Facts, Next, Reason, Step, Submission, ThrottleFacts, Verdict, decide,
};

const PRESENTED: Submission = Submission::Certificate;
const ACCEPTED: Verdict = Verdict::CertificateAccepted { factor: CERTIFICATE };

fn asked(factors: Vec<FactorFacts>) -> Facts {
    Facts { person: hana_with(factors), ..at_second_step() }
}

fn two(facts: Facts) -> Facts {
    let assurance = AssuranceDemand::AtLeast(Assurance::TwoFactors);
    Facts { demand: Demand { assurance, ..facts.demand.clone() }, ..facts }
}

fn level(facts: &Facts) -> Option<(Assurance, Vec<&'static str>)> {
    match decide(&policy(), facts).next {
        Next::Admit(proof) => Some((proof.assurance(), proof.amr())),
        Next::Ask(_) | Next::Check(_) | Next::Refuse => None,
    }
}

fn shown(facts: &Facts) -> Option<Method> {
    match step(&decide(&policy(), facts))? {
        Step::SecondFactor { method, .. } => Some(*method),
        Step::Username | Step::Password => None,
    }
}

#[test]
fn after_a_password_it_is_the_one_more_proof() {
    assert_eq!(shown(&asked(vec![certificate(), codes()])), Some(Method::Certificate));
    assert_eq!(
        shown(&asked(vec![certificate(), app()])),
        Some(Method::Totp),
        "the app is asked first"
    );
    let chosen = sent(Submission::Choose(Method::Certificate), asked(vec![certificate(), app()]));
    assert_eq!(shown(&chosen), Some(Method::Certificate));
    let facts = checked(PRESENTED, ACCEPTED, asked(vec![certificate()]));
    let both = (Assurance::TwoFactors, vec!["pwd", "swk", "mfa"]);
    assert_eq!(level(&facts), Some(both));
    let effects = kinds(&decide(&policy(), &facts).effects);
    for kind in ["record_proof", "open_session"] {
        assert!(effects.contains(kind), "{kind} in {effects:?}");
    }
    let weak = FactorFacts { binding: Binding::InsideWithPassword, ..certificate() };
    let weak = checked(PRESENTED, ACCEPTED, asked(vec![weak]));
    assert_eq!(level(&weak), Some((Assurance::OneFactor, vec!["pwd", "swk"])));
    assert_eq!(level(&two(weak)), None, "a weak binding counts for no level");
}

#[test]
fn it_is_checked_against_those_that_bring_the_person_on() {
    let weak = FactorFacts {
        id: sekimori_base::FactorId::from_bytes([9; 16]),
        binding: Binding::InsideWithPassword,
        ..certificate()
    };
    let check = |facts: Facts| decide(&policy(), &sent(PRESENTED, facts)).next;
    let both = asked(vec![weak, certificate()]);
    let strong = Next::Check(Check::Certificate { factors: vec![CERTIFICATE] });
    assert_eq!(check(two(both)), strong);
    let app_only = policy_with(Requirement::TwoFactors, |row| row.methods = [Method::Totp].into());
    let facts = sent(PRESENTED, asked(vec![certificate(), app()]));
    assert_eq!(
        decide(&app_only, &facts).reason,
        Reason::FactorUnusable,
        "the row does not take it"
    );
    let suspended = FactorFacts { state: FactorState::Suspended, ..certificate() };
    let facts = sent(PRESENTED, asked(vec![suspended, app()]));
    assert_eq!(decide(&policy(), &facts).reason, Reason::FactorUnusable);
}

#[test]
fn it_never_opens_a_sign_in() {
    for (case, facts) in [("no name", nobody()), ("a name", calm())] {
        let decision = decide(&policy(), &sent(PRESENTED, facts.clone()));
        assert_eq!(
            (decision.reason, decision.next),
            (Reason::RequestStale, Next::Refuse),
            "{case}"
        );
        let known = Facts { person: hana_with(vec![certificate()]), ..facts };
        assert_eq!(level(&checked(PRESENTED, ACCEPTED, known)), None, "{case}");
    }
    let alone = Facts { proofs: vec![code_of(&certificate(), 5)], ..asked(vec![certificate()]) };
    assert!(matches!(step(&decide(&policy(), &alone)), Some(Step::Password)));
    let proofs = vec![password(20), code_of(&certificate(), 5)];
    assert!(level(&Facts { proofs, ..asked(vec![certificate()]) }).is_some());
}

#[test]
fn a_refused_one_counts_nothing_and_leaves_the_other_ways() {
    for why in CertificateRefusal::ALL {
        let facts =
            checked(PRESENTED, Verdict::CertificateRefused(why), asked(vec![certificate(), app()]));
        let decision = decide(&policy(), &facts);
        assert!(decision.reason.code().starts_with("cert."), "{why:?}: {:?}", decision.reason);
        assert!(decision.effects.is_empty(), "{why:?}: {:?}", decision.effects);
        let Some(Step::SecondFactor { method, choices }) = step(&decision) else {
            panic!("{why:?}: {decision:?}");
        };
        assert_eq!(*method, Method::Certificate);
        assert!(choices.iter().any(|choice| {
            choice.method == Method::Totp && choice.usability == crate::Usability::Usable
        }));
    }
}

fn elsewhere() -> FactorFacts {
    FactorFacts { state: FactorState::Elsewhere, ..certificate() }
}

#[test]
fn one_from_elsewhere_is_asked_for_and_counts_only_when_it_is_shown() {
    let alone = asked(vec![elsewhere()]);
    assert_eq!(shown(&alone), Some(Method::Certificate));
    assert_eq!(
        shown(&asked(vec![elsewhere(), codes()])),
        Some(Method::RecoveryCode),
        "what is had"
    );
    let chosen = sent(Submission::Choose(Method::Certificate), asked(vec![elsewhere(), app()]));
    assert_eq!(shown(&chosen), Some(Method::Certificate));
    let check = decide(&policy(), &sent(PRESENTED, alone.clone())).next;
    assert_eq!(check, Next::Check(Check::Certificate { factors: Vec::new() }));
    assert_eq!(level(&checked(PRESENTED, ACCEPTED, alone.clone())), None, "it is not there yet");
    let found = FactorFacts { id: sekimori_base::FactorId::from_bytes([7; 16]), ..elsewhere() };
    let both = asked(vec![found, certificate()]);
    assert_eq!(
        level(&checked(PRESENTED, ACCEPTED, both)).map(|(level, _)| level),
        Some(Assurance::TwoFactors)
    );
    let weak = FactorFacts { binding: Binding::InsideWithPassword, ..elsewhere() };
    assert_eq!(decide(&policy(), &two(asked(vec![weak]))).reason, Reason::LevelNotReachable);
    let demand = Demand { assurance: AssuranceDemand::Highest, ..proven().demand };
    let highest = Facts { demand, person: hana_with(vec![elsewhere()]), ..proven() };
    assert!(
        matches!(decide(&policy(), &highest).next, Next::Admit(_)),
        "nobody is asked for what they may not have"
    );
}

#[test]
fn whoever_may_have_one_and_shows_none_is_told_what_is_registered() {
    let none = Verdict::CertificateRefused(CertificateRefusal::NotPresented);
    for (case, factors, reason) in [
        ("nothing else", vec![elsewhere()], Reason::FactorNoneLeft),
        ("codes as well", vec![elsewhere(), codes()], Reason::CertificateNotPresented),
        ("one of ours", vec![certificate()], Reason::CertificateNotPresented),
    ] {
        let decision = decide(&policy(), &checked(PRESENTED, none, asked(factors)));
        assert_eq!(decision.reason, reason, "{case}");
    }
    let new = crate::KnownPerson { factors: vec![elsewhere()], ..crate::samples::hana() };
    let new = Facts { person: crate::PersonFacts::Known(Box::new(new)), ..at_second_step() };
    assert_eq!(decide(&policy(), &checked(PRESENTED, none, new)).reason, Reason::FactorNone);
    let other = Verdict::CertificateRefused(CertificateRefusal::Expired);
    let decision = decide(&policy(), &checked(PRESENTED, other, asked(vec![elsewhere()])));
    assert_eq!(decision.reason, Reason::CertificateExpired);
}

#[test]
fn nobody_guesses_it_so_that_no_wait_holds_it_up() {
    let throttle = ThrottleFacts {
        wait_until: Some(NOW.plus_seconds(60)),
        source_wait_until: Some(NOW.plus_seconds(60)),
        ..no_wait()
    };
    let facts = sent(PRESENTED, Facts { throttle, ..asked(vec![certificate()]) });
    assert!(matches!(decide(&policy(), &facts).next, Next::Check(Check::Certificate { .. })));
    let facts = sent(PRESENTED, proven());
    assert!(matches!(decide(&policy(), &facts).next, Next::Admit(_)), "nobody asked for it");
}

#[test]
fn one_that_was_taken_back_meanwhile_proves_nothing() {
    let gone = checked(PRESENTED, ACCEPTED, asked(vec![app()]));
    assert_eq!(decide(&policy(), &gone).reason, Reason::CertificateNotRegistered);
    let proofs = vec![password(20), code_of(&certificate(), 5)];
    let later = Facts {
        proofs,
        attempt: Some(AttemptFacts { ..crate::samples::attempt(20) }),
        ..asked(vec![app()])
    };
    assert_eq!(shown(&later), Some(Method::Totp), "the proof is gone with it");
}
