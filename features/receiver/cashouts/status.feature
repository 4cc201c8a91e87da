@receiver @cashouts
Feature: A receiver settles a cashout by what the status endpoint says

  @NOTIF-10 @must
  Rule: a cashout is settled by what the status endpoint says, not by its notification

    Scenario Outline: a cashout that is <status>
      Given a receiver that marks a completed cashout as paid
      And a cashout that is <status>
      When it is notified
      Then it is not marked as paid

      Examples:
        | status    |
        | PENDING   |
        | DELIVERED |
        | REJECTED  |
        | CANCELLED |

    Scenario: a form with the cashout_id of another
      Given a receiver that marks a completed cashout as paid
      And a cashout that is PENDING
      When it is named in the notification of a cashout that is COMPLETED
      Then it is not marked as paid

  @NOTIF-11 @must @alone
  Rule: a second delivery of a notification does no harm

    Scenario: a second delivery is answered as the first
      Given a cashout that is COMPLETED
      When it is notified 3 times, one after another
      Then every answer is 2xx

    Scenario: a second delivery settles nothing again
      Given a cashout that is COMPLETED
      When it is notified 3 times, one after another
      Then it is marked as paid exactly once
