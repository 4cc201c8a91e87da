@receiver @cashouts
Feature: A receiver verifies what it is told about a cashout

  @NOTIF-03 @must
  Rule: the signature of a notification is verified every time

    Scenario: a notification without control and Payload-Signature
      Given a cashout that is COMPLETED
      When it is notified without a signature
      Then only a notification that is right marks it as paid

  @NOTIF-09 @must
  Rule: the control of a cashout notification is verified

    Scenario Outline: a notification <fault>
      Given a cashout that is COMPLETED
      When it is notified <fault>
      Then only a notification that is right marks it as paid

      Examples:
        | fault                                            |
        | with the last digit of its control changed       |
        | with its control in lower case                   |
        | with a control made with the other product's key |
        | with another external_id                         |

    @observed
    Scenario: a notification without Payload-Signature
      Given a receiver that marks a completed cashout as paid
      And a cashout that is COMPLETED
      When it is notified without Payload-Signature
      Then whether it is marked as paid is reported as AMB-32
