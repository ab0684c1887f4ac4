use super::*;

fn of(json: &str) -> Vec<Policy> {
    find(&Json::parse(json).unwrap()).into_iter().collect()
}

const ACT: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
const SNOMED: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";
const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
const ICD10: &str = "http://hl7.org/fhir/sid/icd-10-cm";
const ICD9: &str = "http://hl7.org/fhir/sid/icd-9-cm";
const ATC: &str = "http://www.whocc.no/atc";

mod labels_of_the_source {
    use super::*;

    fn labelled(system: &str, code: &str) -> Vec<Policy> {
        of(&format!(r#"{{"meta":{{"security":[{{"system":"{system}","code":"{code}"}}]}}}}"#))
    }

    #[test]
    fn every_policy_is_taken_over_and_aliases_become_the_current_code() {
        for policy in POLICIES {
            assert_eq!(labelled(ACT, policy), [policy]);
        }
        for uri in ["urn:oid:2.16.840.1.113883.5.4", "http://hl7.org/fhir/v3/ActCode"] {
            assert_eq!(labelled(uri, "HIV"), ["HIV"]);
        }
        assert_eq!(labelled(ACT, "SICKLE"), ["SCA"], "retired");
        assert_eq!(labelled(ACT, "CEL"), ["VIP"], "a synonym");
        assert_eq!(labelled(ACT, "42CFRPart2"), ["ETH"]);
        assert_eq!(labelled(ACT, "Title38Section7332"), ["ETH", "HIV", "SCA"]);
        assert_eq!(labelled("http://terminology.hl7.org/CodeSystem/v3-ActUSPrivacyLaw", "HIPAAPsyNotes"), ["PSYTHPN"]);
    }

    #[test]
    fn confidentiality_above_normal_is_specially_protected() {
        for harmless in ["U", "L", "M", "N"] {
            assert!(labelled(CONFIDENTIALITY, harmless).is_empty(), "{harmless}");
        }
        for restricted in ["R", "V", "S", "r", "X"] {
            assert_eq!(labelled(CONFIDENTIALITY, restricted), ["SPI"], "{restricted}");
        }
        assert_eq!(labelled(CONFIDENTIALITY, "PSY"), ["PSY"], "given up, and still honoured");
        assert_eq!(labelled(CONFIDENTIALITY, "T"), ["TBOO"]);
        assert_eq!(of(r#"{"resourceType":"Composition","confidentiality":"R"}"#), ["SPI"]);
        assert!(of(r#"{"resourceType":"Composition","confidentiality":"N"}"#).is_empty());
    }

    #[test]
    fn what_is_not_known_to_be_harmless_counts() {
        assert_eq!(labelled(ACT, "NODSCLCD"), ["SPI"], "an obligation has a reason");
        assert_eq!(labelled(ACT, "psy"), ["SPI"], "misspelt");
        assert_eq!(labelled("http://example.org/labels", "secret"), ["SPI"]);
        assert_eq!(labelled("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT"), ["SPI"]);
        assert!(labelled("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST").is_empty());
        assert!(labelled("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "SUBSETTED").is_empty());
        assert_eq!(of(r#"{"meta":{"security":[{"code":"R"},{"code":"HIV"},{"code":"N"}]}}"#), ["HIV", "SPI"]);
        assert_eq!(of(r#"{"meta":{"security":[{"display":"for my doctor only"}]}}"#), ["SPI"]);
    }

    #[test]
    fn labels_of_what_is_contained_of_files_and_of_single_elements_count() {
        let contained =
            format!(r#"{{"contained":[{{"meta":{{"security":[{{"system":"{ACT}","code":"NODSCLCD"}}]}}}}]}}"#);
        assert_eq!(of(&contained), ["SPI"]);
        let file = format!(
            r#"{{"resourceType":"DocumentReference","securityLabel":[{{"coding":[{{"system":"{CONFIDENTIALITY}","code":"V"}}]}}]}}"#
        );
        assert_eq!(of(&file), ["SPI"]);
        let url = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label";
        let element = |code: &str| {
            of(&format!(
                r#"{{"meta":{{"security":[{{"system":"{ACT}","code":"PROCESSINLINELABEL"}}]}},"name":[{{"extension":[{{"url":"{url}","valueCoding":{{"system":"{ACT}","code":"{code}"}}}}]}}]}}"#
            ))
        };
        assert_eq!(element("SDV"), ["SDV"]);
        assert_eq!(element("NOAUTH"), ["SPI"]);
    }

    #[test]
    fn what_the_source_says_is_never_lowered_by_codes() {
        let both = format!(
            r#"{{"meta":{{"security":[{{"system":"{CONFIDENTIALITY}","code":"N"}},{{"system":"{ACT}","code":"MH"}}]}},"code":{{"coding":[{{"system":"{ICD10}","code":"F32.1"}}]}}}}"#
        );
        assert_eq!(of(&both), ["MH", "PSY"], "normal is no reason to drop what a code says");
    }
}

mod codes {
    use super::*;

    fn coded(system: &str, code: &str) -> Vec<Policy> {
        of(&format!(
            r#"{{"contained":[{{"component":[{{"code":{{"coding":[{{"system":"{system}","code":"{code}","display":"-"}}]}}}}]}}]}}"#
        ))
    }

    type Examples<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)]);

    /// A code of each label in each system that has one, and codes beside it that mean something else.
    #[test]
    fn each_label_has_codes_and_their_neighbours_have_none() {
        let cases: &[Examples] = &[
            (
                "HIV",
                &[
                    (SNOMED, "86406008"),
                    (SNOMED, "171121004"),
                    (LOINC, "20447-9"),
                    (LOINC, "31201-7"),
                    (RXNORM, "1433868"),
                    (ICD10, "B20"),
                    (ICD10, "Z21"),
                    (ICD10, "Z11.4"),
                    (ICD9, "042"),
                    (ICD9, "V08"),
                    (ATC, "J05AR10"),
                    (ATC, "J05AX29"),
                ],
                // Herpes and hepatitis, aciclovir, letermovir
                &[(ICD10, "B19.20"), (ICD10, "B25"), (ICD9, "041"), (ICD9, "V09"), (ATC, "J05AB01"), (ATC, "J05AX18")],
            ),
            (
                "PSY",
                &[
                    (SNOMED, "370143000"),
                    (LOINC, "44261-6"),
                    (LOINC, "70274-6"),
                    (RXNORM, "36437"),
                    (ICD10, "F32.1"),
                    (ICD10, "F20.0"),
                    (ICD10, "G30.9"),
                    (ICD10, "R45.851"),
                    (ICD10, "T43.012A"),
                    (ICD10, "X71.0XXA"),
                    (ICD10, "Z91.51"),
                    (ICD9, "296.20"),
                    (ICD9, "E950.0"),
                    (ATC, "N05AX12"),
                    (ATC, "N06AB06"),
                ],
                // Migraine, fever, an accident with the same medicine, paracetamol, antiepileptics
                &[
                    (SNOMED, "44054006"),
                    (LOINC, "2339-0"),
                    (RXNORM, "161"),
                    (ICD10, "G43.909"),
                    (ICD10, "R50.9"),
                    (ICD10, "T43.011A"),
                    (ICD10, "X58.XXXA"),
                    (ICD9, "320.0"),
                    (ATC, "N03AF01"),
                    (ATC, "N05BB01"),
                ],
            ),
            (
                "ETH",
                &[
                    (SNOMED, "5602001"),
                    (SNOMED, "7200002"),
                    (LOINC, "75626-2"),
                    (LOINC, "3397-7"),
                    (RXNORM, "6813"),
                    (ICD10, "F10.20"),
                    (ICD10, "F19.10"),
                    (ICD10, "K70.30"),
                    (ICD10, "T40.1X1A"),
                    (ICD9, "303.90"),
                    (ICD9, "305.00"),
                    (ATC, "N07BC02"),
                ],
                // Tobacco, its cessation, another liver disease
                &[
                    (ICD10, "F17.210"),
                    (ICD10, "Z72.0"),
                    (ICD10, "K76.0"),
                    (ICD9, "305.1"),
                    (ICD9, "571.5"),
                    (ATC, "N07BA01"),
                ],
            ),
            (
                "STD",
                &[
                    (SNOMED, "76272004"),
                    (SNOMED, "240589008"),
                    (LOINC, "21613-5"),
                    (ICD10, "A51.0"),
                    (ICD10, "A60.00"),
                    (ICD10, "Z20.2"),
                    (ICD9, "098.0"),
                    (ICD9, "054.10"),
                ],
                // Cold sores, tuberculosis contacts
                &[(ICD10, "B00.1"), (ICD10, "A49.9"), (ICD10, "Z20.1"), (ICD9, "054.9"), (ICD9, "100")],
            ),
            (
                "SEX",
                &[
                    (SNOMED, "77386006"),
                    (SNOMED, "714812005"),
                    (LOINC, "2106-3"),
                    (LOINC, "76690-7"),
                    (ICD10, "O80"),
                    (ICD10, "Z30.430"),
                    (ICD10, "N97.9"),
                    (ICD10, "Z3A.20"),
                    (ICD9, "650"),
                    (ICD9, "V22.0"),
                    (ATC, "G03AC03"),
                    (ATC, "G04BE03"),
                ],
                // Physical examination, current smoker, kidney stones, oestrogen
                &[
                    (SNOMED, "5880005"),
                    (LOINC, "64234-8"),
                    (ICD10, "N20.0"),
                    (ICD10, "Z38.00"),
                    (ICD9, "592.0"),
                    (ICD9, "680.0"),
                    (ATC, "G03CA03"),
                ],
            ),
            (
                "SDV",
                &[
                    (SNOMED, "706893006"),
                    (LOINC, "76499-3"),
                    (ICD10, "T74.11XA"),
                    (ICD10, "T76.22XA"),
                    (ICD10, "Y07.01"),
                    (ICD10, "Z69.11"),
                    (ICD10, "T43.013A"),
                    (ICD9, "995.81"),
                    (ICD9, "E967.0"),
                ],
                // Malignant hyperthermia, a complication of care, a fall, legal intervention
                &[(ICD10, "T75.3XXA"), (ICD10, "T78.2XXA"), (ICD10, "W01.0XXA"), (ICD10, "Y35.00"), (ICD9, "995.86")],
            ),
            ("SCA", &[(SNOMED, "417357006"), (ICD10, "D57.1"), (ICD9, "282.60")], &[(ICD10, "D58.0"), (ICD9, "282.0")]),
            ("GDIS", &[(ICD10, "E84.0"), (ICD10, "Z15.01"), (ICD9, "277.00")], &[(ICD10, "E83.1"), (ICD9, "277.1")]),
        ];
        for (policy, positive, negative) in cases {
            for (system, code) in *positive {
                assert_eq!(coded(system, code), [*policy], "{system} {code}");
            }
            for (system, code) in *negative {
                assert!(coded(system, code).is_empty(), "{policy}: {system} {code}");
            }
        }
    }

    #[test]
    fn codes_are_read_as_sources_write_them() {
        assert_eq!(coded(ICD10, "F1020"), ["ETH"], "without its dot");
        assert_eq!(coded(ICD10, "f32.1"), ["PSY"]);
        for uri in [
            "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
            "urn:oid:2.16.840.1.113883.6.90",
            "https://icd.who.int/browse10/2019/en",
        ] {
            assert_eq!(coded(uri, "F32.1"), ["PSY"], "{uri}");
        }
        assert_eq!(coded("http://fhir.de/CodeSystem/bfarm/atc", "N06AB06"), ["PSY"]);
        assert_eq!(coded(SNOMED, "386053000 : 363702006 = 86406008 |HIV infection|"), ["HIV"], "an expression");
        assert!(coded("http://www.cms.gov/Medicare/Coding/ICD10", "F10").is_empty(), "procedures");
    }

    #[test]
    fn tables_name_known_policies_and_no_code_twice() {
        let tables = [table::SNOMED, table::LOINC, table::RXNORM, table::ICD10, table::ICD9, table::ATC];
        for table in tables {
            for (policy, codes) in table {
                assert!(POLICIES.contains(policy), "{policy}");
                let distinct: BTreeSet<_> = codes.iter().collect();
                assert_eq!(distinct.len(), codes.len(), "{policy}");
            }
        }
    }
}

mod what_cannot_be_judged {
    use super::*;

    fn condition(code: &str) -> Vec<Policy> {
        of(&format!(r#"{{"resourceType":"Condition","code":{code}}}"#))
    }

    #[test]
    fn codes_of_unknown_systems_without_words_are_specially_protected() {
        let local = r#"{"system":"http://example.org/codes","code":"4711"}"#;
        assert_eq!(condition(&format!(r#"{{"coding":[{local}]}}"#)), ["SPI"]);
        assert!(condition(&format!(r#"{{"coding":[{local}],"text":"Sprained ankle"}}"#)).is_empty());
        assert_eq!(condition(&format!(r#"{{"coding":[{local}],"text":"Depression"}}"#)), ["PSY"]);
        let known = format!(r#"{{"system":"{ICD10}","code":"S93.4"}}"#);
        assert!(condition(&format!(r#"{{"coding":[{local},{known}]}}"#)).is_empty(), "the other code tells");
        assert_eq!(condition(r#"{"coding":[{"code":"4711"}]}"#), ["SPI"], "no system at all");
    }

    #[test]
    fn codes_of_a_terminology_that_are_not_listed_need_words() {
        let unlisted = format!(r#""system":"{SNOMED}","code":"44465007""#);
        assert_eq!(condition(&format!(r#"{{"coding":[{{{unlisted}}}]}}"#)), ["SPI"]);
        assert!(condition(&format!(r#"{{"coding":[{{{unlisted},"display":"Sprain of ankle"}}]}}"#)).is_empty());
        let pulse =
            format!(r#"{{"resourceType":"Observation","code":{{"coding":[{{"system":"{LOINC}","code":"8867-4"}}]}}}}"#);
        assert!(of(&pulse).is_empty(), "vital signs are known");
    }

    #[test]
    fn words_in_another_language_do_not_judge() {
        let told = |language: &str| {
            of(&format!(
                r#"{{"resourceType":"Condition","language":"{language}","code":{{"coding":[{{"system":"http://example.org","code":"1","display":"Sprunggelenk verstaucht"}}]}}}}"#
            ))
        };
        assert_eq!(told("de"), ["SPI"]);
        assert!(told("en-US").is_empty());
    }

    #[test]
    fn a_resource_that_does_not_say_what_it_is_about_is_specially_protected() {
        for resource_type in ["Condition", "Observation", "Procedure", "MedicationRequest", "Immunization"] {
            assert_eq!(of(&format!(r#"{{"resourceType":"{resource_type}"}}"#)), ["SPI"], "{resource_type}");
        }
        assert_eq!(condition(r#"{"coding":[]}"#), ["SPI"]);
        assert!(
            of(r#"{"resourceType":"MedicationRequest","medicationReference":{"reference":"Medication/1"}}"#).is_empty(),
            "the medication is judged where it is"
        );
        assert!(of(r#"{"resourceType":"Encounter"}"#).is_empty());
    }
}

mod words_for_people {
    use super::*;

    fn called(words: &str) -> Vec<Policy> {
        of(&format!(r#"{{"code":{{"text":"{words}"}}}}"#))
    }

    /// Words of each label, and words that only look like them.
    #[test]
    fn each_label_has_words_and_their_lookalikes_have_none() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            (
                "HIV",
                &["HIV status", "Pneumonia with acquired immunodeficiency syndrome", "AIDS", "Lamivudine 150 MG"],
                &["Hives", "Archive", "Hearing aids", "Severe combined immunodeficiency"],
            ),
            (
                "PSY",
                &["Sertraline 50 MG Oral Tablet", "Major depressive disorder", "Schizophrenia", "Suicide attempt"],
                &["ST depression", "Bipolar hemiarthroplasty", "Schizonts", "Photophobia", "Depressed skull fracture"],
            ),
            (
                "ETH",
                &["Alcohol withdrawal syndrome", "Opioid dependence", "Drugs of abuse screen", "Methadone 10 MG"],
                &["Non-alcoholic fatty liver disease", "Alcohol swab", "Smokes tobacco daily", "Morphine 10 MG"],
            ),
            (
                "STD",
                &[
                    "Chlamydia trachomatis DNA",
                    "Gonococcal urethritis",
                    "Treponema pallidum Ab",
                    "Herpetic vulvovaginitis",
                ],
                &["Chlamydia pneumoniae Ab", "Herpes zoster", "Human papilloma virus vaccine, 9-valent"],
            ),
            (
                "SEX",
                &[
                    "Insertion of contraceptive device",
                    "Emergency cesarean section",
                    "Sexual orientation",
                    "Antepartum",
                ],
                &["Sex assigned at birth", "Fetal hemoglobin", "Manual labor", "Drug delivery system"],
            ),
            (
                "SDV",
                &["Victim of domestic violence", "Adult maltreatment", "Rape", "Sexual assault event"],
                &["Grape allergy", "Rape seed oil", "Crime statistics", "Therapeutic exercise"],
            ),
            ("SCA", &["Sickle cell trait"], &["Iron deficiency anemia"]),
            ("GDIS", &["Cystic fibrosis", "BRCA1 gene mutation detected"], &["Pulmonary fibrosis"]),
        ];
        for (policy, positive, negative) in cases {
            for words in *positive {
                assert_eq!(called(words), [*policy], "{words}");
            }
            for words in *negative {
                assert!(called(words).is_empty(), "{policy}: {words}: {:?}", called(words));
            }
        }
    }

    #[test]
    fn several_words_give_several_labels_and_a_lookalike_hides_only_itself() {
        assert_eq!(called("Postpartum depression"), ["PSY", "SEX"]);
        assert_eq!(called("Non-alcoholic steatohepatitis, alcohol abuse"), ["ETH"]);
    }

    #[test]
    fn narratives_conclusions_and_notes_are_searched() {
        assert_eq!(of(r#"{"text":{"status":"generated","div":"<div>Has <b>HIV</b> infection</div>"}}"#), ["HIV"]);
        assert_eq!(of(r#"{"conclusion":"Consistent with syphilis"}"#), ["STD"]);
        assert_eq!(of(r#"{"note":[{"text":"Drinks too much alcohol"}]}"#), ["ETH"]);
        assert_eq!(of(r#"{"valueString":"cocaine"}"#), ["ETH"]);
    }
}
