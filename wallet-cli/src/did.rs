//! Finding the document of an identifier. No vault is opened: it concerns nobody in it.

use std::sync::Arc;

use carnet_did_resolver::{
    Options, ResolveError, Resolver,
    resolution::{self, Resolved},
    resolver::Keeping,
};
use carnet_fetch::{Openness, Web};
use jiff::Timestamp;
use serde_json::Value;

use crate::{answers::Answer, arguments::DidCommand, failure::Failure};

pub(crate) async fn run(command: DidCommand) -> Result<Answer, Failure> {
    let DidCommand::Resolve {
        did,
        version_id,
        version_time,
        version_number,
        offline,
    } = command;
    let options = Options {
        version_id,
        version_time,
        version_number,
        no_cache: false,
    };
    let clock = Arc::new(Timestamp::now);
    let resolver = if offline {
        Resolver::offline(clock)
    } else {
        let web = Web::new([], Openness::Anywhere).map_err(|error| refused(error.into()))?;
        Resolver::new(web, Keeping::default(), clock)
    };
    let resolved = resolver.resolve(&did, &options).await;
    let json = resolution::result(&resolved);
    let resolved = resolved.map_err(refused)?;
    Ok(Answer::new(&json, plain(&resolved, &json["didDocument"])))
}

fn plain(resolved: &Resolved, document: &Value) -> String {
    let mut lines = vec![format!("{document:#}")];
    if let (Some(id), Some(time)) = (&resolved.metadata.version_id, &resolved.metadata.version_time) {
        lines.push(format!("Version {id} of {time}."));
    }
    if resolved.in_force().is_err() {
        lines.push("This DID has been deactivated. Don't rely on it any more.".to_owned());
    }
    lines.push(match resolved.retrieved {
        Some(_) => "Its host was asked, and knows that somebody did.".to_owned(),
        None => "It follows from the identifier. Nobody was asked.".to_owned(),
    });
    lines.join("\n")
}

fn refused(error: ResolveError) -> Failure {
    let message = error.to_string();
    let mut letters = message.chars();
    let message = letters.next().map_or_else(String::new, |first| {
        format!(
            "{}{}.",
            first.to_uppercase(),
            letters.as_str().trim_end_matches('.')
        )
    });
    Failure::here(error.code(), message, error.next())
}
