@receiver @cashouts
Feature: A receiver marks a cashout as paid once, however often it is notified

  @NOTIF-11 @must
  Rule: a second delivery of a notification does no harm

    Scenario: a second delivery is survived
      Given any cashout
      When it is notified 3 times, one after another
      Then every repeat is survived

    @alone
    Scenario: a second delivery after a restart of the receiver is survived
      Given any cashout
      When it is notified
      And the receiver is restarted
      And it is notified
      Then every repeat is survived

    @observed
    Scenario: the answer to a second delivery
      Given any cashout
      When it is notified 3 times, one after another
      Then the report says how a repeat is answered

    Scenario: another cashout between two notifications of one
      Given 2 cashouts that are COMPLETED
      When each is notified 3 times, one after another
      Then each is marked as paid exactly once

    Scenario: 25 cashouts, again and again in their order
      Given 25 cashouts that are COMPLETED
      When each is notified 3 times, one after another
      Then each is marked as paid exactly once

    @alone
    Scenario: 20 at once
      Given a cashout that is COMPLETED
      When it is notified 20 times at once
      Then it is marked as paid exactly once

    @alone
    Scenario: two cashouts at once
      Given 2 cashouts that are COMPLETED
      When they are notified at once
      Then each is marked as paid exactly once

    @alone
    Scenario Outline: duplicates after trouble with a notification, of cashouts <before>
      Given cashouts that are COMPLETED, <before>
      When each is notified, and meets one of these troubles each
        | 500                                                                       |
        | half of it, and the connection breaks                                     |
        | the sender hangs up before the answer                                     |
        | another comes meanwhile, and the status call of the first is answered 500 |
      And each is notified 2 times, one after another
      Then each is marked as paid exactly once

      Examples:
        | before              |
        | not notified before |
        | released before     |

    @alone
    Scenario: duplicates over the whole retry schedule
      Given 2 cashouts that are COMPLETED
      When each is notified over the whole retry schedule
      Then each is marked as paid exactly once

    @alone
    Scenario: a duplicate after a restart of the receiver
      Given 3 cashouts that are COMPLETED
      When each is notified
      And the receiver is restarted
      And each is notified
      Then each is marked as paid exactly once

    Scenario: duplicates after an older status
      Given cashouts, one in each of these statuses
        | PENDING   |
        | DELIVERED |
      When each is notified
      And it becomes COMPLETED
      And each is notified 3 times, one after another
      Then each is marked as paid exactly once

    @last
    Scenario: the first cashouts once more, at the end of the run
      Given the first cashouts of this run that were marked as paid
      When each is notified
      Then none is marked as paid again
