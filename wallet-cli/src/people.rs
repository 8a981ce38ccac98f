//! Who is in this vault.

use carnet_wallet_core::Wallet;
use serde_json::json;

use crate::{answers::Answer, arguments::PeopleCommand, failure::Failure, plain};

pub(crate) fn run(wallet: &Wallet, command: PeopleCommand) -> Result<Answer, Failure> {
    match command {
        PeopleCommand::List => {}
        PeopleCommand::Add { name } => {
            wallet.add_profile(&name)?;
        }
        PeopleCommand::Rename { who, name } => wallet.rename_profile(wallet.find_profile(&who)?, &name)?,
        PeopleCommand::Remove { who } => wallet.remove_profile(wallet.find_profile(&who)?)?,
    }
    let people = wallet.profiles()?;
    Ok(Answer::new(&json!({ "people": people }), plain::people(&people)))
}
