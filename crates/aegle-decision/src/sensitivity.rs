/// Codes of HL7 v3's `InformationSensitivityPolicy` with plain names, for importers and interfaces to
/// offer: all that are about information, and those about a person that say something of care.
///
/// The engine withholds whatever is labelled, also with a code that is not among these. It knows no
/// hierarchy: who names `BH` has not named `PSY`.
pub const SENSITIVITIES: [(&str, &str); 29] = [
    ("BH", "behavioural health"),
    ("COGN", "cognitive disability"),
    ("DVD", "developmental disability"),
    ("EMOTDIS", "emotional disturbance"),
    ("ETH", "substance abuse"),
    ("ETHUD", "alcohol use disorder"),
    ("GDIS", "genetic disease"),
    ("GENDER", "gender and sexual orientation"),
    ("HIV", "HIV and AIDS"),
    ("IDS", "identifiers"),
    ("LIVARG", "living arrangement"),
    ("MARST", "marital status"),
    ("MH", "mental health"),
    ("MST", "military sexual trauma"),
    ("OPIOIDUD", "opioid use disorder"),
    ("PREGNANT", "pregnancy"),
    ("PSY", "psychiatric disorder"),
    ("PSYTHPN", "psychotherapy notes"),
    ("RACE", "race"),
    ("REL", "religion"),
    ("SCA", "sickle cell anaemia"),
    ("SDV", "sexual assault, abuse or domestic violence"),
    ("SEX", "sexuality and reproductive health"),
    ("SICKLE", "sickle cell"),
    ("SPI", "specially protected"),
    ("STD", "sexually transmitted disease"),
    ("SUD", "substance use disorder"),
    ("TBOO", "not to be told the patient before the clinician does"),
    ("VIO", "violence"),
];
