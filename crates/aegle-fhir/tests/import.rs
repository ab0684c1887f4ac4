//! What an import makes of its input.

use std::{collections::BTreeSet, io::Write as _};

use aegle_fhir::{Generator, Import, Kind, Limits, Reason, Record, Secret, Source, generate};
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

const SECRET: [u8; 32] = [7; 32];

fn generated() -> aegle_fhir::Generator {
    Generator { seed: 1, number: 1, today: "2026-03-01".parse().unwrap(), encounters: 6 }
}

fn import(source: &Source) -> Import {
    import_with(source, &Secret::new(SECRET))
}

fn import_with(source: &Source, secret: &Secret) -> Import {
    let patients = source.patients(&mut |_| {}).unwrap();
    let all: BTreeSet<_> = (0..patients.list().len()).collect();
    source.import(&patients, &all, secret, &mut |_| {}).unwrap()
}

fn source() -> Source {
    Source::new(Limits::default())
}

fn only(import: &Import) -> &Record {
    assert_eq!(import.records.len(), 1, "{:?}", import.report);
    &import.records[0]
}

fn text(record: &Record) -> String {
    String::from_utf8(record.content()).unwrap()
}

fn categories(record: &Record) -> Vec<&str> {
    record.labels.categories.iter().map(|category| category.as_str()).collect()
}

fn sensitivity(record: &Record) -> Vec<&str> {
    record.labels.sensitivity.iter().map(|code| code.as_str()).collect()
}

/// What tells two imports apart.
fn summary(import: &Import) -> Vec<String> {
    let of = |record: &Record| format!("{record:?} {}", text(record));
    import.records.iter().map(of).collect()
}

fn assert_same(one: &Import, other: &Import) {
    assert!(summary(one) == summary(other), "the records differ");
}

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","name":[{"family":"Patient 1","given":["Test"]}]}"#;

fn observation(id: &str, more: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"Body weight"}},"subject":{{"reference":"Patient/p"}}{more}}}"#
    )
}

/// The records without the patient's personal details.
fn care(import: &Import) -> Vec<&Record> {
    import.records.iter().filter(|record| categories(record) != ["demographics"]).collect()
}

fn bundle(kind: &str, entries: &[String]) -> String {
    format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{}]}}"#, entries.join(","))
}

fn entry(resource: &str) -> String {
    format!(r#"{{"resource":{resource}}}"#)
}

mod grouping {
    use super::*;

    #[test]
    fn a_generated_patient_becomes_visits_a_study_a_document_and_personal_details() {
        let files = generate(&generated());
        let import = import(&source().bytes("a.json", files.transaction).bytes("b.json", files.document));
        let count = |kind| import.records.iter().filter(|record| record.kind == kind).count();
        assert_eq!((count(Kind::Encounter), count(Kind::Study), count(Kind::Document)), (6, 1, 1));
        let collections = import.records.iter().filter(|record| record.kind == Kind::Collection);
        let apart: BTreeSet<_> = collections.flat_map(categories).collect();
        assert_eq!(apart, ["allergy", "demographics", "financial", "immunization"].into());
        assert!(import.report.invalid.is_empty(), "{:?}", import.report);
        assert!(import.report.unmapped.is_empty(), "{:?}", import.report);
        assert_eq!(import.report.read, import.report.mapped_total());

        let sensitive: Vec<_> = import.records.iter().filter(|record| !record.labels.sensitivity.is_empty()).collect();
        assert_eq!(sensitive.len(), 1);
        assert_eq!(sensitivity(sensitive[0]), ["PSY"]);
        let study = import.records.iter().find(|record| record.kind == Kind::Study).unwrap();
        assert!(study.labels.study.is_some());
        assert_eq!(categories(study), ["imaging"]);
        assert_eq!(study.description.title, "Imaging: CT of the chest");
        let types: Vec<_> = study.labels.types.iter().map(|name| name.as_str()).collect();
        assert_eq!(types, ["DiagnosticReport", "ImagingStudy"], "people who travel along are not named");
        assert_eq!(study.description.author.as_deref(), Some("Test Hospital"), "the report's, as the study names none");
        let document = import.records.iter().find(|record| record.kind == Kind::Document).unwrap();
        assert_eq!(document.description.title, "Discharge summary");
        assert_eq!(document.description.author.as_deref(), Some("Test Practitioner 1"));
        for record in &import.records {
            record.labels.validate().unwrap();
        }
    }

    #[test]
    fn order_and_files_do_not_change_records() {
        let Value::Object(transaction) = serde_json::from_str(&generate(&generated()).transaction).unwrap() else {
            panic!("no Bundle")
        };
        let entries: Vec<String> = transaction["entry"].as_array().unwrap().iter().map(Value::to_string).collect();
        let reversed: Vec<_> = entries.iter().rev().cloned().collect();
        let whole = import(&source().bytes("a.json", bundle("transaction", &entries)));
        let other = import(&source().bytes("a.json", bundle("collection", &reversed)));
        assert_same(&whole, &other);
        let (first, second) = reversed.split_at(17);
        let split = source().bytes("b.json", bundle("batch", second)).bytes("a.json", bundle("searchset", first));
        assert_same(&whole, &import(&split));
        let twice = source().bytes("b.json", bundle("batch", &entries)).bytes("a.json", bundle("batch", &reversed));
        let twice = import(&twice);
        assert_same(&whole, &twice);
        assert!(twice.report.unmapped.keys().all(|(reason, _)| *reason == Reason::Duplicate));
        assert_eq!(twice.report.unmapped_total(), entries.len() as u64);
    }

    #[test]
    fn keys_need_the_secret_and_change_with_content_alone() {
        let resources = |weight: &str| {
            source().bytes(
                "a.ndjson",
                format!(
                    "{PATIENT}\n{}",
                    observation("o", &format!(r#","effectiveDateTime":"2020","valueString":"{weight}""#))
                ),
            )
        };
        let one = import(&resources("70"));
        let other = import(&resources("71"));
        let elsewhere = import_with(&resources("70"), &Secret::new([8; 32]));
        let (one, other, elsewhere) = (care(&one)[0], care(&other)[0], care(&elsewhere)[0]);
        assert_ne!(one.key, other.key);
        assert_eq!(one.identity, other.identity, "it is the next version");
        assert_ne!(one.key, elsewhere.key);
        assert_ne!(one.identity, elsewhere.identity);
    }

    #[test]
    fn an_encounter_gathers_what_refers_to_it_by_any_form_of_reference() {
        let encounter = r#"{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"identifier":[{"system":"urn:x","value":"7"}],"subject":{"reference":"Patient/p"},"period":{"start":"2020-05-01"}}"#;
        let references = [
            "Encounter/e",
            "Encounter/e/_history/3",
            "http://example.org/fhir/Encounter/e",
            "urn:uuid:00000000-0000-4000-8000-000000000001",
            "Encounter?identifier=urn:x|7",
        ];
        let mut entries = vec![
            entry(PATIENT),
            format!(r#"{{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":{encounter}}}"#),
        ];
        for (index, reference) in references.iter().enumerate() {
            let more = format!(r#","encounter":{{"reference":"{reference}"}}"#);
            entries.push(entry(&observation(&format!("o{index}"), &more)));
        }
        let logical = r#","encounter":{"identifier":{"system":"urn:x","value":"7"}}"#;
        entries.push(entry(&observation("logical", logical)));
        let import = import(&source().bytes("a.json", bundle("collection", &entries)));
        let records = care(&import);
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].resources, 7);
        assert_eq!(records[0].labels.from.unwrap().to_string(), "2020-05-01");
        assert!(text(records[0]).contains(r#""fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001""#));
    }

    #[test]
    fn results_stay_with_their_report_and_a_sensitive_result_apart_from_others() {
        let effective = r#","effectiveDateTime":"2021-02-03","category":[{"coding":[{"code":"laboratory"}]}]"#;
        let hiv = observation("hiv", effective).replace("Body weight", "HIV 1+2 Ab");
        let report = r#"{"resourceType":"DiagnosticReport","id":"r","status":"final","code":{"text":"Panel"},"effectiveDateTime":"2021-02-03","subject":{"reference":"Patient/p"},"result":[{"reference":"Observation/undated"}]}"#;
        let lines = [PATIENT, &observation("a", effective), &hiv, report, &observation("undated", "")].join("\n");
        let import = import(&source().bytes("a.ndjson", lines));
        let records = care(&import);
        assert_eq!(records.len(), 2);
        let (sensitive, plain): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|record| !record.labels.sensitivity.is_empty());
        assert_eq!((sensitive[0].resources, plain[0].resources), (1, 3));
        assert_eq!(sensitivity(sensitive[0]), ["HIV"]);
        assert_eq!(plain[0].description.title, "Laboratory results: Panel");
    }

    /// An encounter of a given id and day, said to be of a type.
    fn encounter(id: &str, day: &str, kind: &str) -> String {
        format!(
            r#"{{"resourceType":"Encounter","id":"{id}","status":"finished","class":{{"code":"AMB"}},"type":[{{"text":"{kind}"}}],"subject":{{"reference":"Patient/p"}},"period":{{"start":"{day}T09:00:00Z","end":"{day}T09:30:00Z"}}}}"#
        )
    }

    fn financial(resource_type: &str, id: &str, more: &str) -> String {
        format!(
            r#"{{"resourceType":"{resource_type}","id":"{id}","status":"active","patient":{{"reference":"Patient/p"}},{more}}}"#
        )
    }

    fn item(encounter: &str) -> String {
        format!(r#""item":[{{"sequence":1,"encounter":[{{"reference":"Encounter/{encounter}"}}]}},{{"sequence":2}}]"#)
    }

    /// Resources of each record that is of bills, with its title, days and sensitivity.
    fn paperwork(import: &Import) -> Vec<String> {
        let records = import.records.iter().filter(|record| categories(record) == ["financial"]);
        let mut all: Vec<_> = records
            .map(|record| {
                let labels = &record.labels;
                let day = |day: Option<jiff::civil::Date>| day.map_or("?".to_owned(), |day| day.to_string());
                let title = &record.description.title;
                let (from, until) = (day(labels.from), day(labels.until));
                format!("{} × {title}, {from} to {until} {:?}", record.resources, sensitivity(record))
            })
            .collect();
        all.sort();
        all
    }

    #[test]
    fn all_bills_of_a_visit_are_one_record_beside_it_on_its_days() {
        let lines = [
            PATIENT.to_owned(),
            encounter("e1", "2020-01-01", "Check-up"),
            encounter("e2", "2020-01-01", "Emergency"),
            financial("Claim", "visit", &format!(r#""created":"2020-01-02",{}"#, item("e1"))),
            // A prescription's claim on another day, and an answer that says until when it may be appealed.
            financial("Claim", "medicine", &format!(r#""created":"2020-01-05",{}"#, item("e1"))),
            financial("ClaimResponse", "paid", r#""created":"2020-03-01","request":{"reference":"Claim/medicine"}"#),
            financial(
                "ExplanationOfBenefit",
                "answer",
                r#""created":"2020-02-01","billablePeriod":{"start":"2020-01-01","end":"2021-01-01"},"claim":{"reference":"Claim/visit"}"#,
            ),
            financial("ExplanationOfBenefit", "alone", &format!(r#""created":"2020-02-01",{}"#, item("e2"))),
        ];
        let import = import(&source().bytes("a.ndjson", lines.join("\n")));
        assert_eq!(
            paperwork(&import),
            [
                "1 × Insurance and bills: Emergency, 2020-01-01 to 2020-01-01 []",
                "4 × Insurance and bills: Check-up, 2020-01-01 to 2020-01-01 []",
            ]
        );
        let visits = import.records.iter().filter(|record| record.kind == Kind::Encounter);
        for visit in visits {
            assert_eq!((visit.resources, categories(visit)), (1, vec!["encounter"]), "no visit waits for its bills");
        }
    }

    #[test]
    fn the_answer_to_an_appointment_is_with_it() {
        let participant = r#"{"actor":{"reference":"Patient/p"},"status":"accepted"}"#;
        let lines = [
            PATIENT.to_owned(),
            format!(
                r#"{{"resourceType":"Appointment","id":"a","status":"booked","start":"2020-01-01T09:00:00Z","participant":[{participant}]}}"#
            ),
            r#"{"resourceType":"AppointmentResponse","id":"r","appointment":{"reference":"Appointment/a"},"actor":{"reference":"Patient/p"},"participantStatus":"accepted"}"#.to_owned(),
        ];
        let import = import(&source().bytes("a.ndjson", lines.join("\n")));
        assert_eq!(care(&import).iter().map(|record| record.resources).collect::<Vec<_>>(), [2], "{:?}", import.report);
    }

    #[test]
    fn bills_of_no_known_visit_are_one_record_a_year() {
        let lines = [
            PATIENT.to_owned(),
            financial("Claim", "a", r#""created":"2019-03-01""#),
            financial("Claim", "b", &format!(r#""created":"2019-11-01",{}"#, item("elsewhere"))),
            financial("ExplanationOfBenefit", "c", r#""created":"2020-01-03","claim":{"reference":"Claim/b"}"#),
            financial("Claim", "d", r#""created":"2020-05-01""#),
            financial("Claim", "undated", r#""use":"claim""#),
            r#"{"resourceType":"Coverage","id":"card","status":"active","beneficiary":{"reference":"Patient/p"},"payor":[{"display":"Example"}],"period":{"start":"2020-01-01","end":"2022-12-31"}}"#.to_owned(),
        ];
        let import = import(&source().bytes("a.ndjson", lines.join("\n")));
        assert_eq!(
            paperwork(&import),
            [
                "1 × Insurance and bills, ? to ? []",
                "2 × Insurance and bills: 2020, 2020-01-01 to 2022-12-31 []",
                "3 × Insurance and bills: 2019, 2019-03-01 to 2020-01-03 []",
            ],
            "an answer is with its claim, though it came in the next year"
        );
        // The next bill of the year makes a next version, not another record.
        let of_2020 = |import: &Import| {
            let year = |record: &&Record| record.description.title.ends_with("2020");
            let record = import.records.iter().find(year).unwrap();
            (record.identity, record.key)
        };
        let before = of_2020(&import);
        let more = financial("Claim", "later", r#""created":"2020-12-01""#);
        let after = of_2020(&super::import(&source().bytes("a.ndjson", [lines.join("\n"), more].join("\n"))));
        assert_eq!(before.0, after.0);
        assert_ne!(before.1, after.1);
    }

    #[test]
    fn a_bill_is_as_sensitive_as_what_it_names() {
        let condition = r#"{"resourceType":"Condition","id":"c","code":{"text":"HIV infection"},"subject":{"reference":"Patient/p"},"recordedDate":"2018-01-01"}"#;
        let diagnosis = r#""diagnosis":[{"sequence":1,"diagnosisReference":{"reference":"Condition/c"}}]"#;
        let lines = [
            PATIENT.to_owned(),
            condition.to_owned(),
            encounter("e", "2020-01-01", "Psychiatry"),
            encounter("plain", "2020-01-02", "Check-up"),
            financial("Claim", "visit", &format!(r#""created":"2020-01-02",{}"#, item("e"))),
            financial("Claim", "plain", &format!(r#""created":"2020-01-02",{}"#, item("plain"))),
            financial("Claim", "other", &format!(r#""created":"2020-01-02",{diagnosis}"#)),
            financial("Claim", "rest", r#""created":"2020-01-02""#),
        ];
        let import = import(&source().bytes("a.ndjson", lines.join("\n")));
        assert_eq!(
            paperwork(&import),
            [
                r#"1 × Insurance and bills: 2020, 2020-01-02 to 2020-01-02 ["HIV"]"#,
                "1 × Insurance and bills: 2020, 2020-01-02 to 2020-01-02 []",
                "1 × Insurance and bills: Check-up, 2020-01-02 to 2020-01-02 []",
                r#"1 × Insurance and bills: Psychiatry, 2020-01-01 to 2020-01-01 ["PSY"]"#,
            ]
        );
    }

    #[test]
    fn bills_with_their_answers_and_personal_details_stay_out_of_visits() {
        let encounter = r#"{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p"}}"#;
        let claim = r#"{"resourceType":"Claim","id":"c","patient":{"reference":"Patient/p"},"created":"2020-01-01","item":[{"sequence":1,"encounter":[{"reference":"Encounter/e"}]}]}"#;
        let answer = r#"{"resourceType":"ExplanationOfBenefit","id":"b","patient":{"reference":"Patient/p"},"created":"2021","claim":{"reference":"Claim/c"}}"#;
        let import = import(&source().bytes("a.ndjson", [answer, PATIENT, encounter, claim].join("\n")));
        let mut all: Vec<_> = import.records.iter().map(categories).collect();
        all.sort();
        assert_eq!(all, [["demographics"], ["encounter"], ["financial"]]);
    }
}

mod content {
    use super::*;

    #[test]
    fn resources_are_kept_byte_for_byte() {
        let odd = "{ \"resourceType\" : \"Observation\",\t\"id\":\"o\", \"status\":\"final\",\"code\":{\"text\":\"\\u0042\\u00f6\"},\n \"subject\":{\"reference\":\"Patient/p\"},\"valueQuantity\":{\"value\":1.50e0,\"unit\":\"kg\"} , \"unknown\" : null }";
        let file = format!(
            "{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{{\"resource\":{PATIENT}}},{{\"resource\":  {odd}  }}]}}"
        );
        let import = import(&source().bytes("a.json", file));
        assert!(text(care(&import)[0]).contains(odd), "{}", text(care(&import)[0]));
        assert_eq!(import.report.invalid.get("Observation"), Some(&1), "kept, and said to be invalid");
        serde_json::from_str::<Value>(&text(care(&import)[0])).unwrap();
    }

    #[test]
    fn a_document_is_kept_whole() {
        let document = generate(&generated()).document;
        let import = import(&source().bytes("a.json", format!("\n{document}\n")));
        let record = only(&import);
        assert_eq!(text(record), document);
        assert_eq!(categories(record), ["condition", "document", "encounter", "medication"]);
        let inside = bundle("collection", &[entry(&document)]);
        assert_eq!(text(only(&super::import(&source().bytes("a.json", inside)))), document);
    }

    #[test]
    fn generated_patients_are_the_same_each_time_and_valid() {
        assert_eq!(generate(&generated()), generate(&generated()));
        assert_ne!(generate(&generated()), generate(&Generator { seed: 2, ..generated() }));
        for json in [generate(&generated()).transaction, generate(&generated()).document] {
            fhirkit::from_json_strict::<fhirkit::r4::Bundle>(&json).unwrap();
        }
    }
}

mod labels {
    use super::*;

    #[test]
    fn a_partial_date_covers_all_its_days_and_none_covers_nothing() {
        let dated = |more: &str| {
            let import = import(&source().bytes("a.ndjson", format!("{PATIENT}\n{}", observation("o", more))));
            let labels = care(&import)[0].labels.clone();
            labels.from.zip(labels.until).map(|(from, until)| format!("{from} {until}"))
        };
        assert_eq!(dated(r#","effectiveDateTime":"2020""#).as_deref(), Some("2020-01-01 2020-12-31"));
        assert_eq!(
            dated(r#","effectivePeriod":{"start":"2020-02","end":"2021-03-04T23:00:00-05:00"}"#).as_deref(),
            Some("2020-02-01 2021-03-04")
        );
        assert_eq!(dated(r#","issued":"2020-02-03T00:00:00Z""#).as_deref(), Some("2020-02-03 2020-02-03"));
        assert_eq!(dated(""), None);
        assert_eq!(
            dated(r#","effectivePeriod":{"start":"2021","end":"2020"}"#).as_deref(),
            Some("2020-01-01 2021-12-31")
        );
    }

    #[test]
    fn labels_of_a_bundle_count_wherever_they_stand_in_it() {
        let label =
            r#""meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"MH"}]}"#;
        let entries: Vec<_> = std::iter::once(PATIENT.to_owned())
            .chain((0..200).map(|index| observation(&format!("o{index}"), r#","effectiveDateTime":"2020""#)))
            .map(|resource| entry(&resource))
            .collect();
        let entries = entries.join(",");
        let head = r#""resourceType":"Bundle","type":"collection""#;
        let stranger = observation("elsewhere", r#","effectiveDateTime":"2021""#);
        for limit in [4_096, Limits::default().resource] {
            for bundle in [
                format!(r#"{{{head},{label},"entry":[{entries}]}}"#),
                format!(r#"{{{head},"entry":[{entries}],{label}}}"#),
            ] {
                let source = Source::new(Limits { resource: limit, ..Limits::default() });
                let import = super::import(&source.bytes("a.json", bundle).bytes("b.json", stranger.clone()));
                let (here, elsewhere): (Vec<_>, Vec<_>) =
                    care(&import).into_iter().partition(|record| record.resources > 1);
                assert_eq!((here.len(), sensitivity(here[0])), (1, vec!["MH"]), "within {limit} bytes");
                assert!(sensitivity(elsewhere[0]).is_empty(), "another file's");
            }
        }
    }

    #[test]
    fn what_a_bundle_and_a_referred_medication_say_labels_the_record() {
        let restricted = r#"{"resourceType":"Bundle","type":"collection","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},"entry":["#;
        let file = format!("{restricted}{},{}]}}", entry(PATIENT), entry(&observation("o", "")));
        let import = super::import(&source().bytes("a.json", file));
        assert_eq!(sensitivity(care(&import)[0]), ["SPI"]);

        let request = r#"{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","subject":{"reference":"Patient/p"},"medicationReference":{"reference":"Medication/x"}}"#;
        let medication = r#"{"resourceType":"Medication","id":"x","code":{"coding":[{"system":"http://www.whocc.no/atc","code":"N06AB06"}]}}"#;
        let import = super::import(&source().bytes("a.ndjson", [PATIENT, request, medication].join("\n")));
        let record = care(&import)[0];
        assert_eq!((sensitivity(record), record.resources), (vec!["PSY"], 2));
        assert_eq!(record.description.codes[0].code, "N06AB06");
    }
}

mod reading {
    use super::*;

    fn zipped(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    /// Reasons of everything skipped, with where.
    fn skipped(source: &Source) -> Vec<String> {
        import(source).report.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn folders_are_read_with_all_their_files_compressed_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        std::fs::create_dir(folder.path().join("deeper")).unwrap();
        write("Patient.ndjson.gz", &zipped(&format!("{PATIENT}\r\n\r\n")));
        // Two members in one file, as appended logs have.
        let both = [zipped(&format!("{}\n", observation("a", ""))), zipped(&observation("b", ""))].concat();
        write("deeper/Observation.000.ndjson", &both);
        write("deeper/pretty.json", format!("\u{feff}{}", observation("c", "").replace(',', ",\n  ")).as_bytes());
        write("README.txt", b"not FHIR");
        let mut last = aegle_fhir::Progress::default();
        let source = source().path(folder.path());
        let patients = source.patients(&mut |progress| last = progress).unwrap();
        assert_eq!((last.files, last.files_done, last.resources), (3, 3, 4));
        let import = source.import(&patients, &[0].into(), &Secret::new(SECRET), &mut |_| {}).unwrap();
        assert_eq!(import.report.mapped_total(), 4, "{:?}", import.report);
        assert_eq!((import.report.files, import.report.other_files), (3, 1));
        assert!(super::source().path(folder.path().join("none")).patients(&mut |_| {}).is_err());
    }

    #[test]
    fn every_kind_of_bundle_is_read() {
        for kind in ["transaction", "collection", "searchset", "batch", "history", "batch-response"] {
            let inner = bundle("searchset", &[entry(&observation("a", ""))]);
            let file =
                bundle(kind, &[entry(PATIENT), entry(&inner), r#"{"request":{"method":"DELETE","url":"x"}}"#.into()]);
            let import = import(&source().bytes("a.json", file));
            assert_eq!(import.report.mapped_total(), 2, "{kind}");
            assert_eq!(import.report.unmapped.get(&(Reason::Empty, "?")), Some(&1));
        }
    }

    #[test]
    fn one_of_several_patients_is_chosen_and_the_others_are_counted() {
        let other = PATIENT.replace("\"p\"", "\"q\"").replace("Patient 1", "Patient 2");
        let stranger = observation("s", "").replace("Patient/p", "Patient/unknown");
        let lines = [
            PATIENT,
            &other,
            &observation("a", ""),
            &observation("b", "").replace("Patient/p", "Patient/q"),
            &stranger,
        ];
        let source = source().bytes("a.ndjson", lines.join("\n"));
        let patients = source.patients(&mut |_| {}).unwrap();
        assert_eq!(
            patients.list().iter().map(|patient| patient.name.as_deref()).collect::<Vec<_>>(),
            [Some("Test Patient 1"), Some("Test Patient 2")]
        );
        let import = source.import(&patients, &[0].into(), &Secret::new(SECRET), &mut |_| {}).unwrap();
        assert_eq!(import.report.mapped_total(), 2);
        assert_eq!(import.report.unmapped.get(&(Reason::OtherPatient, "Observation")), Some(&1));
        assert_eq!(import.report.unmapped.get(&(Reason::UnknownPatient, "Observation")), Some(&1));
        assert_eq!(
            import.report.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["a.ndjson, line 5: Observation: it is about a patient that the input does not have; skipped"]
        );
        assert!(source.import(&patients, &[].into(), &Secret::new(SECRET), &mut |_| {}).is_err());
        assert!(source.import(&patients, &[9].into(), &Secret::new(SECRET), &mut |_| {}).is_err());
    }

    #[test]
    fn the_same_id_of_two_people_is_never_taken_for_one() {
        let other = PATIENT.replace("Patient 1", "Patient 2");
        let here = bundle("collection", &[entry(PATIENT), entry(&observation("a", ""))]);
        let there = bundle("collection", &[entry(&other), entry(&observation("b", ""))]);
        let source = source().bytes("a.json", here).bytes("b.json", there).bytes("c.json", observation("c", ""));
        let patients = source.patients(&mut |_| {}).unwrap();
        assert_eq!(patients.list().len(), 2);
        let import = source.import(&patients, &[0].into(), &Secret::new(SECRET), &mut |_| {}).unwrap();
        assert_eq!(import.report.mapped.get("Observation"), Some(&1));
        assert_eq!(import.report.unmapped.get(&(Reason::OtherPatient, "Observation")), Some(&1));
        assert_eq!(import.report.unmapped.get(&(Reason::AmbiguousPatient, "Observation")), Some(&1));
    }

    #[test]
    fn different_content_under_one_id_is_all_kept_and_reported() {
        let lines = [PATIENT, &observation("a", ""), &observation("a", r#","valueString":"x""#)].join("\n");
        let import = import(&source().bytes("a.ndjson", lines));
        assert_eq!(import.report.mapped.get("Observation"), Some(&2));
        assert_eq!(import.report.conflicting.get("Observation"), Some(&2));
    }

    #[test]
    fn what_is_malformed_is_said_with_its_place_and_the_rest_is_read() {
        let secret_word = "Syphilis";
        let broken = observation("x", "").replace("Body weight", secret_word).replace(r#""status""#, "status");
        let deep = observation("d", &format!(r#","extension":{}{}"#, "[".repeat(5_000), "]".repeat(5_000)));
        let wide = observation("w", &format!(r#","extension":[{}0]"#, "0,".repeat(1 << 20)));
        let many: String = (0..2_000).map(|index| format!(r#","k{index}":0"#)).collect();
        let lines = [
            PATIENT,
            &broken,
            "[1]",
            "{}",
            r#"{"resourceType":"Nonsense"}"#,
            &deep,
            &wide,
            &observation("m", &many),
            r#"{"resourceType":7}"#,
            r#"{"resourceType":"Observation""#,
            &observation("a", ""),
        ];
        let mut bytes = lines.join("\n").into_bytes();
        bytes.extend(b"\n\"\xff\xfe\"\n");
        let import = import(&source().bytes("a.ndjson", bytes));
        let problems: Vec<_> = import.report.problems.iter().map(ToString::to_string).collect();
        let at = |line: usize, reason: &str| format!("a.ndjson, line {line}: {reason}; skipped");
        let too_complex = "it is nested deeper, or has more values, than a resource may have";
        let unknown = "FHIR R4 has no such resource type, or one that is not about patients";
        assert_eq!(
            problems,
            [
                at(2, "it is not JSON, see its line 1, column 40"),
                at(3, "it is not a FHIR resource"),
                at(4, "it is not a FHIR resource"),
                at(5, unknown),
                at(6, too_complex),
                at(7, too_complex),
                at(8, too_complex),
                at(9, "it is not a FHIR resource"),
                at(10, "it ends before its JSON does"),
                at(12, "it is not UTF-8"),
            ]
        );
        assert_eq!(import.report.mapped_total(), 2);
        assert!(!format!("{import:?}", import = import.report).contains(secret_word));
    }

    #[test]
    fn damaged_compression_is_said_and_what_came_before_it_is_kept() {
        let lines = format!("{PATIENT}\n{}\n", observation("a", ""));
        let whole = zipped(&lines);
        let cut = &whole[..whole.len() - 12];
        let problems = skipped(&source().bytes("a.ndjson.gz", cut));
        assert_eq!(problems.len(), 1);
        assert!(problems[0].ends_with("the compressed data is damaged or ends early; skipped"), "{problems:?}");
        let problems = skipped_alone(&source().bytes("a.gz", [0x1f, 0x8b, 0, 0]));
        assert_eq!(problems, 1);
    }

    /// Counts the faults of an input without patients.
    fn skipped_alone(source: &Source) -> usize {
        let with_patient = source.clone().bytes("patient.json", PATIENT);
        import(&with_patient).report.problems.len()
    }

    #[test]
    fn what_is_too_large_is_skipped_unless_it_is_a_bundle_of_small_resources() {
        let limits = Limits { resource: 4_096, ..Limits::default() };
        let entries: Vec<_> = std::iter::once(PATIENT.to_owned())
            .chain((0..200).map(|index| observation(&format!("o{index}"), "")))
            .map(|resource| entry(&resource))
            .collect();
        let large = bundle("collection", &entries);
        assert!(large.len() > 4 * 4_096);
        let streamed = import(&Source::new(limits).bytes("a.json", large.clone()));
        assert_same(&streamed, &import(&source().bytes("a.json", large.clone())));
        assert!(streamed.report.problems.is_empty(), "{:?}", streamed.report);

        let patient = || Source::new(limits).bytes("p.json", PATIENT);
        let faults =
            |source: Source| import(&source).report.problems.iter().map(|problem| problem.reason).collect::<Vec<_>>();
        let fat = observation("fat", &format!(r#","valueString":"{}""#, "x".repeat(5_000)));
        assert_eq!(faults(patient().bytes("a.json", fat.clone())), [Reason::TooLarge]);
        assert_eq!(faults(patient().bytes("a.ndjson", format!("{fat}\n{}", observation("a", "")))), [Reason::TooLarge]);
        assert_eq!(faults(patient().bytes("a.json", large.replace("collection", "document"))), [Reason::TooLarge]);
        let one_fat = bundle("collection", &[entry(&observation("a", "")), entry(&fat)]);
        assert_eq!(faults(patient().bytes("a.json", one_fat)), [Reason::TooLarge]);
        assert_eq!(faults(patient().bytes("a.json", &large.as_bytes()[..10_000])), [Reason::Truncated]);
    }
}
