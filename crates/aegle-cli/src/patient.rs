use aegle_api_client::record;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::{
    Answer, Context, Problem,
    server::{Server, purpose},
    words::{self, PURPOSES},
};

#[derive(Subcommand)]
pub enum PatientCommand {
    /// List the patients who allow you to read something
    #[command(after_help = "\
Examples:
  aegle patient list --purpose TREAT
  aegle patient list --purpose TREAT --practitioner dr.json --keypair clinic.json")]
    List(ListArgs),
}

#[derive(Args)]
pub struct ListArgs {
    /// What for, as an HL7 purpose of use
    #[arg(
        long, default_value = "TREAT", value_name = "CODE", value_parser = words::parser(PURPOSES), ignore_case = true
    )]
    purpose: u16,
}

pub async fn run(command: PatientCommand, context: &Context) -> Result<Answer, Problem> {
    let PatientCommand::List(args) = command;
    let server = Server::sign_in(context).await?;
    let listing = record::patients(server.session, purpose(args.purpose));
    let patients = context.wait("Waiting for the server", listing).await?;
    let message = match patients.len() {
        0 => "No patient allows you to read anything for this purpose.".to_owned(),
        1 => "1 patient allows you to read something.".to_owned(),
        count => format!("{count} patients allow you to read something."),
    };
    let rows = patients.iter().map(|patient| {
        let count = patient.consents.len();
        (patient.patient.to_string(), format!("{count} consent{}", if count == 1 { "" } else { "s" }))
    });
    Ok(Answer::new(message).items(patients.iter().map(|patient| json!(patient)).collect(), rows.collect()))
}
