@server @cashouts
Feature: A cashout moves from status to status

  @CASH-STAT-01 @must
  Rule: what has left, ended or been cancelled is not cancelled

    Scenario Outline: a cashout that is <status> is not cancelled
      Given a cashout that is <status>
      When it is asked to be cancelled
      Then it was refused
      And the status of the first cashout is still <status>

      Examples:
        | status    |
        | delivered |
        | completed |
        | rejected  |
        | cancelled |

    Scenario: a cashout that is pending is cancelled
      Given a cashout that is pending
      When it is asked to be cancelled
      Then it was accepted
      And the status of the first cashout is now cancelled

    @observed
    Scenario: a cashout that is on hold is cancelled
      Given a cashout that is on hold
      When it is asked to be cancelled
      Then whether it was accepted is reported as AMB-42

  @CASH-STAT-02 @must
  Rule: only a pending cashout is held, and only a held one is let go on

    Scenario: a pending cashout is held and let go on
      Given a cashout that is pending
      When it is asked to be held
      Then it was accepted
      And the status of the first cashout is now on hold
      When it is asked to go on
      Then it was accepted
      And the status of the first cashout is now pending

    Scenario Outline: a cashout that is <status> is not asked to <change>
      Given a cashout that is <status>
      When it is asked to <change>
      Then it was refused because of its status
      And the status of the first cashout is still <status>

      Examples:
        | status    | change  |
        | delivered | be held |
        | completed | be held |
        | rejected  | be held |
        | cancelled | be held |
        | delivered | go on   |
        | completed | go on   |
        | rejected  | go on   |
        | cancelled | go on   |
