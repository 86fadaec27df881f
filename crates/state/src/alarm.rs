//! Alarms: what a member, or the machine itself, has raised and nobody has disarmed yet.
//!
//! They are part of the replicated state because they decide what is refused: `NoSpace` refuses
//! what takes space, `Corrupt` every write.

use crate::operation::{AlarmAction, AlarmRequest, AlarmType};
use crate::response::{AlarmMember, AlarmResponse};
use rpds::RedBlackTreeSetSync;

/// The alarms that are raised.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Alarms(RedBlackTreeSetSync<AlarmMember>);

impl Alarms {
    /// None.
    pub(crate) fn new() -> Self {
        Self(RedBlackTreeSetSync::new_sync())
    }

    /// Whether any member has raised this one.
    pub(crate) fn raised(&self, alarm: AlarmType) -> bool {
        self.iter().any(|member| member.alarm == alarm)
    }

    /// Those raised, by type and then by member.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &AlarmMember> {
        self.0.iter()
    }

    /// Those that a request asks to see.
    pub(crate) fn show(&self, alarm: AlarmType) -> AlarmResponse {
        let asked = |member: &&AlarmMember| alarm == AlarmType::None || member.alarm == alarm;
        AlarmResponse { alarms: self.iter().filter(asked).copied().collect() }
    }

    /// Raises one.
    pub(crate) fn raise(&mut self, member: AlarmMember) {
        self.0.insert_mut(member);
    }

    /// Carries out a request. Disarming what is not raised answers with nothing.
    pub(crate) fn apply(&mut self, request: &AlarmRequest) -> AlarmResponse {
        let member = AlarmMember { alarm: request.alarm, member: request.member };
        let known = match request.action {
            AlarmAction::Get => return self.show(request.alarm),
            AlarmAction::Activate => {
                self.raise(member);
                true
            }
            AlarmAction::Deactivate => self.0.remove_mut(&member),
        };
        AlarmResponse { alarms: known.then_some(member).into_iter().collect() }
    }
}
