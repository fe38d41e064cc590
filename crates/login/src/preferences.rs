//! Whether somebody may switch kinds of proof off. The rules themselves are asked, from everywhere, for every service
//! and for the level that services may ask: what leads in now leads in afterwards.

use sekimori_directory::settings::{ServiceName, ZoneName};
use sekimori_directory::{Method, Position, Preferences};

use crate::facts::{Facts, KnownPerson, PersonFacts, ServiceFacts};
use crate::replay::{Forecast, forecast};
use crate::{Assurance, AssuranceDemand, Demand, Interaction, Policy, Reason};

/// A way in that would be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// To which service.
    pub service: ServiceName,
    /// From which zone.
    pub zone: ZoneName,
    /// At the level that services may ask; `false`: at all.
    pub for_level: bool,
}

impl Closed {
    /// Why the preferences are not taken.
    pub const fn reason(&self) -> Reason {
        Reason::PreferenceLocksOut
    }
}

/// The first way in that `wanted` would close for the person of `facts`, if it closes any. Recovery codes count for
/// nothing here: there are ten of them, and they are for when all else is lost.
pub fn closes(
    policy: &Policy,
    facts: &Facts,
    services: &[ServiceFacts],
    positions: &[Position],
    wanted: &Preferences,
) -> Option<Closed> {
    let person = facts.known()?;
    let kept = KnownPerson {
        factors: (person.factors.iter())
            .filter(|factor| factor.method != Method::RecoveryCode)
            .cloned()
            .collect(),
        ..person.clone()
    };
    let before = of(facts, kept.clone());
    let after = of(facts, kept.preferring(wanted.clone()));
    for assurance in [AssuranceDemand::Any, AssuranceDemand::AtLeast(Assurance::TwoFactors)] {
        for service in services {
            let (before, after) = (to(&before, service, assurance), to(&after, service, assurance));
            let closed = |position: &&Position| {
                leads_in(policy, &before, position) && !leads_in(policy, &after, position)
            };
            if let Some(position) = positions.iter().find(closed) {
                return Some(Closed {
                    service: service.name.clone(),
                    zone: position.zone.clone(),
                    for_level: assurance != AssuranceDemand::Any,
                });
            }
        }
    }
    None
}

fn leads_in(policy: &Policy, facts: &Facts, position: &Position) -> bool {
    match forecast(policy, facts, position.clone()) {
        Forecast::Admitted | Forecast::AskedAble => true,
        Forecast::AskedUnable | Forecast::Refused | Forecast::Unknown => false,
    }
}

fn of(facts: &Facts, person: KnownPerson) -> Facts {
    Facts { person: PersonFacts::Known(Box::new(person)), ..facts.clone() }
}

fn to(facts: &Facts, service: &ServiceFacts, assurance: AssuranceDemand) -> Facts {
    let demand = Demand {
        assurance,
        interaction: Interaction::Allowed,
        ..Demand::plain(service.name.clone())
    };
    Facts { demand, service: service.clone(), ..facts.clone() }
}

#[cfg(test)]
mod tests {
    use sekimori_directory::Binding;
    use sekimori_directory::settings::Requirement;

    use super::*;
    use crate::samples::{
        app, campus, certificate, codes, group, hana_with, home, mail, passkey, policy,
        policy_with, proven, service,
    };
    use crate::{FactorFacts, FactorState, Next, Usability, decide};

    const APPS: [Method; 1] = [Method::Totp];

    fn library() -> ServiceFacts {
        ServiceFacts {
            name: service("library"),
            disabled: false,
            groups: std::collections::BTreeSet::new(),
        }
    }

    fn with(factors: Vec<FactorFacts>) -> Facts {
        Facts { person: hana_with(factors), ..proven() }
    }

    fn asked(policy: &Policy, factors: Vec<FactorFacts>, off: &[Method]) -> Option<Closed> {
        let wanted = Preferences::new(off.iter().copied(), None);
        closes(policy, &with(factors), &[library()], &[campus(), home()], &wanted)
    }

    #[test]
    fn something_that_leads_in_has_to_be_left() {
        let weak = FactorFacts { binding: Binding::InsideWithPassword, ..passkey() };
        let gone = FactorFacts { state: FactorState::Suspended, ..passkey() };
        let both = [Method::Totp, Method::Passkey];
        for (case, factors, off, closed, for_level) in [
            ("a passkey is left", vec![app(), passkey()], &APPS[..], false, false),
            ("a certificate is left", vec![app(), certificate()], &APPS[..], false, false),
            ("nothing is left", vec![app()], &APPS[..], true, false),
            ("codes run out", vec![app(), codes()], &APPS[..], true, false),
            ("it is suspended", vec![app(), gone], &APPS[..], true, false),
            ("both", vec![app(), passkey()], &both[..], true, false),
            ("mail reaches no level", vec![app(), mail()], &APPS[..], true, true),
            ("too weakly bound for the level", vec![app(), weak], &APPS[..], true, true),
            ("mail", vec![app(), mail()], &[Method::MailCode][..], false, false),
            ("what nobody has", vec![app()], &[Method::Passkey][..], false, false),
            ("who had nothing loses nothing", vec![], &APPS[..], false, false),
        ] {
            let found = asked(&policy(), factors, off);
            assert_eq!(found.is_some(), closed, "{case}");
            assert_eq!(found.is_some_and(|closed| closed.for_level), for_level, "{case}");
        }
    }

    #[test]
    fn a_service_that_takes_one_kind_keeps_it() {
        let app_only =
            policy_with(Requirement::TwoFactors, |row| row.methods = [Method::Totp].into());
        let closed = asked(&app_only, vec![app(), passkey()], &APPS).expect("it takes apps only");
        assert_eq!(closed.service, service("library"));
        assert_eq!(closed.reason(), Reason::PreferenceLocksOut);
        assert_eq!(asked(&app_only, vec![app(), passkey()], &[Method::Passkey]), None);
        // A service that they may not use closes nothing.
        let staff = ServiceFacts { groups: [group("staff")].into(), ..library() };
        let wanted = Preferences::new(APPS, None);
        let facts = with(vec![app(), passkey()]);
        assert_eq!(closes(&app_only, &facts, &[staff], &[home()], &wanted), None);
    }

    #[test]
    fn what_is_off_can_be_switched_on_again_and_is_weighed_as_it_will_be() {
        let person = hana_with(vec![app(), passkey()]);
        let PersonFacts::Known(known) = person else { panic!("somebody") };
        let off = known.preferring(Preferences::new([Method::Passkey], None));
        assert_eq!(off.factors[1].state, FactorState::SwitchedOff);
        let facts = of(&with(vec![]), off);
        let ask = |wanted| closes(&policy(), &facts, &[library()], &[home()], &wanted);
        assert!(ask(Preferences::new([Method::Passkey, Method::Totp], None)).is_some());
        assert_eq!(ask(Preferences::default()), None);
        assert_eq!(ask(Preferences::new(APPS, None)), None, "the other one comes back");
    }

    #[test]
    fn the_choice_says_what_is_off_and_shows_first_what_is_wanted_first() {
        let at_home = |facts: Facts| Facts { position: home(), ..facts };
        let known = |preferences: Preferences| {
            let PersonFacts::Known(known) = hana_with(vec![app(), passkey(), certificate()]) else {
                panic!("somebody")
            };
            at_home(of(&proven(), known.preferring(preferences)))
        };
        let shown = |facts: &Facts| match decide(&policy(), facts).next {
            Next::Ask(crate::Step::SecondFactor { method, choices }) => (method, choices),
            other => panic!("{other:?}"),
        };
        let (method, choices) = shown(&known(Preferences::new([Method::Passkey], None)));
        assert_eq!(method, Method::Totp);
        let passkey = choices.iter().find(|choice| choice.method == Method::Passkey).unwrap();
        assert_eq!(passkey.usability, Usability::SwitchedOff);

        let remembered = |preferences, last| {
            let mut facts = known(preferences);
            facts.browser.last_method = Some(last);
            shown(&facts).0
        };
        let first = |method| Preferences::new([], Some(method));
        assert_eq!(shown(&known(Preferences::default())).0, Method::Passkey);
        assert_eq!(shown(&known(first(Method::Certificate))).0, Method::Certificate);
        assert_eq!(remembered(Preferences::default(), Method::Totp), Method::Totp);
        assert_eq!(remembered(first(Method::Certificate), Method::Totp), Method::Certificate);
        let off = Preferences::new([Method::Totp], None);
        assert_eq!(remembered(off, Method::Totp), Method::Passkey, "what is off is not shown");
    }
}
