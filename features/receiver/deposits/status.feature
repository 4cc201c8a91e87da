@receiver @deposits
Feature: A receiver releases a deposit by what the status endpoint says

  @NOTIF-07 @must
  Rule: a deposit is credited only when the status endpoint says COMPLETED

    Scenario Outline: a deposit that is <status>
      Given a receiver that releases a completed deposit
      And a deposit that is <status>
      When it is notified
      Then it is not released

      Examples:
        | status    |
        | PENDING   |
        | EXPIRED   |
        | CANCELLED |

    Scenario: a body that says COMPLETED of a deposit that is PENDING
      Given a receiver that releases a completed deposit
      And a deposit that is PENDING
      When it is notified with a body that says COMPLETED
      Then it is not released

    Scenario: a deposit that the provider does not know
      Given a receiver that releases a completed deposit
      And a deposit that the provider does not know
      When it is notified
      Then it is not released

    Scenario: a completed deposit of another merchant
      Given a receiver that releases a completed deposit
      And a completed deposit of another merchant
      When it is notified
      Then it is not released

  @NOTIF-08 @must
  Rule: a completed deposit is credited in the end, in spite of the receiver's own failures

    Scenario: a notification that is right
      Given a deposit that is COMPLETED
      When it is notified until the answer is 2xx
      Then it is released

    Scenario: EXPIRED first, then COMPLETED
      Given a deposit that is EXPIRED
      When it is notified until the answer is 2xx
      And it becomes COMPLETED
      And it is notified until the answer is 2xx
      Then it is released

    Scenario: PENDING first, then EXPIRED, then COMPLETED
      Given a deposit that is PENDING
      When it is notified until the answer is 2xx
      And it becomes EXPIRED
      And it is notified until the answer is 2xx
      And it becomes COMPLETED
      And it is notified until the answer is 2xx
      Then it is released

    @alone
    Scenario: a status endpoint that fails once
      Given a deposit that is COMPLETED
      And asking for its status fails once
      When it is notified until the answer is 2xx
      Then it is released

    @alone
    Scenario: a status endpoint that is slow
      Given a deposit that is COMPLETED
      And asking for its status takes 2 seconds
      When it is notified until the answer is 2xx
      Then it is released

    @alone
    Scenario: a notification before the call that creates the deposit has returned
      Given a COMPLETED deposit whose creation has not been answered yet
      When it is notified until the answer is 2xx
      Then it is released

    @alone
    Scenario: killed while it asks for the status
      Given a deposit that is COMPLETED
      When the receiver is killed while it asks for its status
      And it is notified until the answer is 2xx
      Then it is released
