//! Following a job: each change as it happens, by a stream of events where there is one, by asking again where there is none.

use assay_contract::JobId;
use assay_contract::queue::{Phase, Standing};

use crate::error::ClientError;
use crate::events::Events;
use crate::http::{Client, failed, of_job, parse};
use crate::patience::Waits;

/// How many first waits lie between two looks where there is no stream: nobody should ask often.
const LOOKS: u32 = 5;

/// How a stream ended.
enum Ended {
    /// With the job's conclusion.
    Concluded(Standing),
    /// Before it; the job goes on.
    Early,
}

impl Client {
    /// Tells each change of where a job stands, until there is a conclusion. Whatever happens here, the job goes on.
    ///
    /// # Errors
    /// If the server does not know the job, or cannot be asked for longer than patience lasts.
    pub async fn follow(
        &self,
        job: &JobId,
        each: &mut dyn FnMut(&Standing),
    ) -> Result<Standing, ClientError> {
        let mut waits = Waits::new(&self.patience);
        let mut told: Option<Standing> = None;
        loop {
            // A stream that cannot be had, or breaks, is no reason not to ask.
            if let Ok(Ended::Concluded(standing)) = self.stream(job, &mut told, each).await {
                return Ok(standing);
            }
            let wait = match self.standing(job).await {
                Ok(standing) if tell(&standing, &mut told, each) => return Ok(standing),
                // Asking works, so all the time that this takes is the job's.
                Ok(_) => {
                    waits.begin_anew();
                    self.patience.first * LOOKS
                }
                Err(error) if error.may_pass() => match waits.next(None) {
                    Some(wait) => wait,
                    None => return Err(error),
                },
                Err(error) => return Err(error),
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn stream(
        &self,
        job: &JobId,
        told: &mut Option<Standing>,
        each: &mut dyn FnMut(&Standing),
    ) -> Result<Ended, ClientError> {
        let mut answer = self.events(job).await?;
        let mut events = Events::default();
        while let Some(piece) = answer.chunk().await.map_err(|error| failed(error).error)? {
            let complete =
                events.take(&piece).map_err(|_| ClientError::Strange("its events have no end".into()))?;
            for data in complete {
                let standing = of_job(parse(&data)?, job)?;
                if tell(&standing, told, each) {
                    return Ok(Ended::Concluded(standing));
                }
            }
        }
        Ok(Ended::Early)
    }
}

/// Passes on what is new; whether it is the end.
fn tell(standing: &Standing, told: &mut Option<Standing>, each: &mut dyn FnMut(&Standing)) -> bool {
    if told.as_ref() != Some(standing) {
        each(standing);
        *told = Some(standing.clone());
    }
    standing.phase == Phase::Concluded
}
