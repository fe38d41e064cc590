//! Samples of what a sign-in from elsewhere would come to.

use sekimori_base::Language;
use sekimori_directory::Method;
use sekimori_login::replay::Forecast;
use sekimori_login::{Reason, Usability};

use super::portal::{form, sample};
use super::{NOW, Sample, campus, eduroam, text};
use crate::Place;
use crate::portal::{FactorRow, Outlook, Registering, Rehearsal, Rehearsed, RehearsedPlace, Trial};

pub(super) fn samples(language: Language, factors: &[FactorRow]) -> Vec<Sample> {
    let page =
        |places, registering| Rehearsal { form: form("/portal/rehearsal"), places, registering };
    let networks = vec![text(language, "campus network", "学内ネットワーク")];
    vec![
        sample("rehearsal", page(with_factors(language, factors), Registering::Here)),
        sample("rehearsal-only-there", page(only_there(language), Registering::Here)),
        sample("rehearsal-nothing", page(without(language), Registering::Here)),
        sample("rehearsal-there", page(without(language), Registering::There(networks))),
        sample("rehearsal-ticket", page(without(language), Registering::WithTicket)),
        sample(
            "rehearsed",
            Rehearsed {
                from: text(language, "outside the campus network", "学外"),
                shown: vec![
                    (Method::Password, NOW.plus_seconds(-60)),
                    (Method::Totp, NOW.plus_seconds(-20)),
                ],
            },
        ),
    ]
}

/// What counts outside does not count here.
fn only_there(language: Language) -> Vec<RehearsedPlace> {
    let asked = outlook(Forecast::AskedAble, Reason::AskSecondFactor);
    let there = place(outside(language), "outside", asked);
    vec![RehearsedPlace { trial: Trial::OnlyThere, ..there }]
}

const fn outlook(forecast: Forecast, reason: Reason) -> Outlook {
    Outlook { forecast, reason, factors: Vec::new() }
}

fn place(place: Place, zone: &str, outlook: Outlook) -> RehearsedPlace {
    let able = outlook.forecast == Forecast::AskedAble;
    RehearsedPlace {
        zone: zone.to_owned(),
        anywhere_else: zone == "outside",
        here: zone == "campus",
        outlook,
        mends: Vec::new(),
        apart: Vec::new(),
        trial: if able { Trial::Offered } else { Trial::Pointless },
        place,
    }
}

fn outside(language: Language) -> Place {
    Place { title: None, explanation: None, ..eduroam(language) }
}

fn with_factors(language: Language, factors: &[FactorRow]) -> Vec<RehearsedPlace> {
    let all = [
        Usability::Usable,
        Usability::UsedUp,
        Usability::NotAllowedHere,
        Usability::Suspended,
        Usability::Unfinished,
        Usability::BindingTooWeak,
        Usability::MethodTooWeak,
    ];
    let asked = |reason| Outlook {
        factors: factors.iter().cloned().zip(all).collect(),
        ..outlook(Forecast::AskedAble, reason)
    };
    let library = text(language, "Library", "図書館");
    let payroll = text(language, "Payroll", "給与明細");
    vec![
        RehearsedPlace {
            apart: vec![
                (library, outlook(Forecast::Admitted, Reason::Admitted)),
                (payroll, outlook(Forecast::Refused, Reason::NotFromHere)),
            ],
            ..place(outside(language), "outside", asked(Reason::AskSecondFactor))
        },
        place(eduroam(language), "eduroam", asked(Reason::AskSecondFactor)),
        RehearsedPlace {
            apart: vec![(text(language, "Grades", "成績登録"), asked(Reason::AskSecondFactor))],
            ..place(campus(language), "campus", outlook(Forecast::Admitted, Reason::Admitted))
        },
    ]
}

fn without(language: Language) -> Vec<RehearsedPlace> {
    let unable = |reason| outlook(Forecast::AskedUnable, reason);
    let mends = vec![Method::Passkey, Method::Totp, Method::Certificate, Method::MailCode];
    let mut places = vec![
        RehearsedPlace { mends, ..place(outside(language), "outside", unable(Reason::FactorNone)) },
        place(campus(language), "campus", outlook(Forecast::Admitted, Reason::Admitted)),
    ];
    let others = [
        Reason::FactorNoneLeft,
        Reason::FactorUnfinished,
        Reason::FactorSuspended,
        Reason::FactorNotAllowed,
        Reason::LevelNotReachable,
    ];
    let zones = ["eduroam", "vpn", "lab", "dormitory", "library"];
    places.extend(
        zones
            .into_iter()
            .zip(others)
            .map(|(zone, reason)| place(eduroam(language), zone, unable(reason))),
    );
    places.push(place(
        eduroam(language),
        "closed",
        outlook(Forecast::Refused, Reason::AccountDisabled),
    ));
    places
}
