@receiver @deposits
Feature: A receiver releases a deposit once, however often it is notified

  @NOTIF-05 @must
  Rule: a deposit is released at most once, by its deposit_id

    Scenario: duplicates one after another
      Given a deposit that is COMPLETED
      When it is notified 3 times, one after another
      Then it is released exactly once

    Scenario: another deposit between two notifications of one
      Given 2 deposits that are COMPLETED
      When each is notified 2 times, one after another
      Then each is released exactly once

    Scenario: 25 deposits, again and again in their order
      Given 25 deposits that are COMPLETED
      When each is notified 3 times, one after another
      Then each is released exactly once

    @alone
    Scenario: 20 at once
      Given a deposit that is COMPLETED
      When it is notified 20 times at once
      Then it is released exactly once

    @alone
    Scenario: two deposits at once
      Given 2 deposits that are COMPLETED
      When they are notified at once
      Then each is released exactly once

    @alone
    Scenario: two deposits at once, 10 times each
      Given 2 deposits that are COMPLETED
      When they are notified 10 times at once
      Then each is released exactly once

    @alone
    Scenario: duplicates over the whole retry schedule
      Given 2 deposits that are COMPLETED
      When each is notified over the whole retry schedule
      Then each is released exactly once

    @alone
    Scenario: a duplicate after a restart of the receiver
      Given 3 deposits that are COMPLETED
      When each is notified
      And the receiver is restarted
      And each is notified
      Then each is released exactly once

    @alone
    Scenario: duplicates after two restarts of the receiver
      Given a deposit that is COMPLETED
      When it is notified
      And the receiver is restarted
      And it is notified
      And the receiver is restarted
      And it is notified
      Then it is released exactly once

    Scenario: a duplicate after the deposit was refunded
      Given a deposit that is COMPLETED
      When it is notified
      And it is refunded
      And it is notified
      Then it is released exactly once

    Scenario: a duplicate after the notification of the deposit's refund
      Given a deposit that is COMPLETED
      When it is notified
      And it is refunded, and that is notified
      And it is notified
      Then it is released exactly once

    Scenario: duplicates after every older status
      Given deposits, one in each of these statuses
        | CREATED        |
        | INITIATED      |
        | PENDING        |
        | FOR_REVIEW     |
        | EARLY_RELEASED |
        | APPROVED       |
        | EXPIRED        |
        | CANCELLED      |
      When each is notified
      And it becomes COMPLETED
      And each is notified 3 times, one after another
      Then each is released exactly once

    Scenario: an old status that arrives late
      Given a deposit that is COMPLETED
      When it is notified
      And it is notified with a body that says PENDING
      And it is notified
      Then it is released exactly once

    @alone
    Scenario Outline: duplicates after trouble with a notification, of deposits <before>
      Given deposits that are COMPLETED, <before>
      When each is notified, and meets one of these troubles each
        | 500                                                                       |
        | half of it, and the connection breaks                                     |
        | the sender hangs up before the answer                                     |
        | another comes meanwhile, and the status call of the first is answered 500 |
      And each is notified 2 times, one after another
      Then each is released exactly once

      Examples:
        | before                          |
        | not notified before             |
        | notified when they were PENDING |
        | released before                 |

    Scenario: duplicates whose status answer has another field by then
      Given a deposit that is COMPLETED
      When it is notified
      And its status answer has another field
      And it is notified
      Then it is released exactly once

    Scenario: duplicates written otherwise
      Given a deposit that is COMPLETED
      When it is notified
      And it is notified with white space that is signed
      And it is notified
      Then it is released exactly once

    @last
    Scenario: the first deposits once more, at the end of the run
      Given the first deposits of this run that were released
      When each is notified
      Then none is released again

  @NOTIF-11 @must
  Rule: a second delivery of a notification does no harm

    Scenario: a second delivery is survived
      Given any deposit
      When it is notified 3 times, one after another
      Then every repeat is survived

    @alone
    Scenario: a second delivery after a restart of the receiver is survived
      Given any deposit
      When it is notified
      And the receiver is restarted
      And it is notified
      Then every repeat is survived

    @observed
    Scenario: the answer to a second delivery
      Given any deposit
      When it is notified 3 times, one after another
      Then the report says how a repeat is answered
